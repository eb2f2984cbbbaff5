import type { EngineError } from "@millrace/base";
import { badArgument } from "../errors.ts";
import { DATASET, STREAM } from "../internals.ts";

type Wanted = "streams" | "RDDs";

/** The error of an operation on several streams or RDDs that was given something else. */
export function notGiven(wanted: Wanted, given: unknown, operator: string): EngineError {
  const [what, remedy] = described(wanted, given);
  return badArgument(`${operator} takes ${wanted}, and was given ${what}. ${remedy}`);
}

/** The kind of an unexpected value, for messages. */
export function kindOf(given: unknown): string {
  if (Array.isArray(given)) return "an array";
  if (given === null) return "null";
  if (typeof given !== "object") return typeof given;
  if (STREAM in given) return "a stream";
  return DATASET in given ? "an RDD" : "an object";
}

function described(wanted: Wanted, given: unknown): readonly [what: string, remedy: string] {
  const what = kindOf(given);
  switch (what) {
    case "an array":
      return [what, `Give it the ${wanted} one by one.`];
    case "a stream":
      return [what, "Let transformWith of the streams give you both RDDs of each batch."];
    case "an RDD":
      return [what, "Combine it with the stream's RDD of each batch, in transform."];
    default:
      return [what, `Give it ${wanted} of this job.`];
  }
}
