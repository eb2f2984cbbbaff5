import { precisionFor, type SketchPrecision } from "@millrace/codec";
import { type FunctionRef, operators } from "@millrace/operators";
import type { ShuffleUse } from "@millrace/plan";
import { badArgument } from "../errors.ts";

/** The precision of an estimate of distinct values: a relative standard deviation, or bits of a hash. */
export type DistinctPrecision =
  | number
  | {
      /** Bits of the hash that select a register, 4 to 24: there are 2^p registers, of one byte each. */
      readonly p: number;
      /** Bits of the hash used while there are few values. 0, the default: registers from the start. */
      readonly sp?: number | undefined;
    };

/** @throws BAD_ARGUMENT, BAD_PRECISION */
function checkPrecision(given: DistinctPrecision): SketchPrecision {
  if (typeof given === "number" || (typeof given === "object" && given !== null)) return precisionFor(given);
  throw badArgument(`the precision of distinct values is ${typeof given}; give a relative deviation, or { p, sp }.`);
}

/** Makes one sketch per partition. */
export function sketchPartition(precision: DistinctPrecision): FunctionRef {
  const checked = checkPrecision(precision);
  return operators.sketchPartition.ref(() => [checked]);
}

/** One sketch per key. */
export function sketchUse(precision: DistinctPrecision): ShuffleUse {
  const checked = checkPrecision(precision);
  return {
    kind: "combine",
    mapSide: true,
    create: operators.sketchFirst.ref(() => [checked]),
    mergeValue: operators.addToSketch.ref(),
    mergeCombiners: operators.mergeSketches.ref(),
  };
}
