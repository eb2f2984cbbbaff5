import { operators } from "@millrace/operators";
import { badArgument } from "../errors.ts";
import { checkOptions } from "../refusal/check-all.ts";
import type { Carrier } from "./carrier.ts";
import { narrowStep } from "./steps.ts";

/** Options of `pipe`: the environment of the command, and the lines it is given. */
export interface PipeOptions<in T> {
  /** Variables added to those of the executor's process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Called before the records of a partition: its output comes first. */
  readonly printContext?: ((print: (line: string) => void) => void) | undefined;
  /** Called for each record, which it prints as any number of lines. */
  readonly printRecord?: ((record: T, print: (line: string) => void) => void) | undefined;
}

/** @throws BAD_ARGUMENT, FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE */
export function pipe<R, T>(on: Carrier<R>, command: string | readonly string[], given: PipeOptions<T>): R {
  const { env, printContext, printRecord } = checkOptions(given, ["env", "printContext", "printRecord"], "pipe");
  const words = typeof command === "string" ? command.trim().split(/\s+/) : command;
  if (
    !Array.isArray(words) ||
    !words.every((word) => typeof word === "string") ||
    words[0] === undefined ||
    words[0] === ""
  ) {
    throw badArgument("pipe takes a command: a text, or an array of the program and its arguments.");
  }
  for (const [name, value] of Object.entries(env ?? {})) {
    if (typeof value !== "string")
      throw badArgument(`the variable ${name} of the environment of pipe is not a string.`);
  }
  if (printContext !== undefined) on.ship(printContext, "the printContext of pipe");
  if (printRecord !== undefined) on.ship(printRecord, "the printRecord of pipe");
  const options = { env, printContext, printRecord };
  const fn = operators.pipe.ref(() => [words, options]);
  return on.take(narrowStep("mapPartitions", fn, false, "pipe"), "pipe");
}
