/**
 * A function of source text that the engine wrote: the one place where text becomes code.
 *
 * @typeParam F The type that the text has. Names and values of others may enter the text as JSON only.
 * @throws EvalError Code generation is switched off in this process.
 */
export function compiled<F extends (...args: never[]) => unknown>(parameters: readonly string[], body: string): F {
  return new Function(...parameters, body) as F; // whoever writes the text answers for its type
}
