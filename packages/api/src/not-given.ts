import type { EngineError } from "@millrace/base";
import { badArgument } from "./errors.ts";
import { LINEAGE, STREAM } from "./internals.ts";

type Wanted = "streams" | "RDDs";

/** An operation on several streams, or several RDDs, was given something else. */
export function notGiven(wanted: Wanted, given: unknown, operator: string): EngineError {
  const [what, remedy] = described(wanted, given);
  return badArgument(`${operator} takes ${wanted}, and was given ${what}. ${remedy}`);
}

function described(wanted: Wanted, given: unknown): readonly [what: string, remedy: string] {
  if (Array.isArray(given)) return ["an array", `Give it the ${wanted} one by one.`];
  const remedy = `Give it ${wanted} of this job.`;
  if (typeof given !== "object" || given === null) return [given === null ? "null" : typeof given, remedy];
  if (STREAM in given) return ["a stream", "Let transformWith of the streams give you both RDDs of each batch."];
  if (LINEAGE in given) return ["an RDD", "Bring it together with the stream's RDD of each batch, in transform."];
  return ["an object", remedy];
}
