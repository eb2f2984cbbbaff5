import { describeThrown, EngineError, named, thrownText } from "@millrace/base";
import { userCodeFailed } from "../errors.ts";
import { TaskCancelled } from "../job/task-control.ts";

/** Errors that already name their operator: outer operators pass them on. */
const blamed = new WeakSet<object>();

/**
 * The error to report for something thrown while an operator ran. The user's error is kept as the cause, with its name,
 * message and stack; an error of the engine keeps its kind and says which operator it came from. The message does not
 * mention the task's fate: only the scheduler knows it, and adds it.
 *
 * @param label `map at job.ts:12:8`.
 */
export function blame(error: unknown, label: string): unknown {
  if (error instanceof TaskCancelled || (typeof error === "object" && error !== null && blamed.has(error)))
    return error;
  const result = error instanceof EngineError ? named(error, label) : fromUser(error, label);
  blamed.add(result);
  return result;
}

function fromUser(error: unknown, label: string): EngineError {
  const { name, message } = describe(error);
  const result = userCodeFailed(`${label} threw ${describeThrown(error)}. Correct the function, or catch the error.`, {
    cause: error,
    fields: { operator: label, name, message },
  });
  // The author's frames come first.
  const stack = error instanceof Error && typeof error.stack === "string" ? error.stack : undefined;
  if (stack !== undefined) {
    const frames = stack.indexOf("\n    at ");
    if (frames >= 0) result.stack = `${result.name}: ${result.message}${stack.slice(frames)}`;
  }
  return result;
}

function describe(error: unknown): { readonly name: string; readonly message: string } {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: error === undefined ? "nothing" : `a value of type ${typeof error}`, message: thrownText(error) };
}
