/**
 * Compiles source text that the engine generated: the only place where text becomes code.
 *
 * @typeParam F The type of the compiled function. Names and values from outside may enter the text as JSON only.
 * @throws EvalError Code generation is disabled in this process.
 */
export function compiled<F extends (...args: never[]) => unknown>(parameters: readonly string[], body: string): F {
  return new Function(...parameters, body) as F; // the caller, which generates the text, guarantees the type
}
