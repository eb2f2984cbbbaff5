import type { SourceSite } from "@millrace/base";

import type { FunctionRef } from "@millrace/operators";

/** A function of the engine that captures nothing. One object per id, so that templates use one slot for it. */
function engine(name: string): FunctionRef {
  return { id: `millrace:${name}`, captures: undefined, names: [], site: undefined };
}

/** The engine's own functions, as lineage refers to them. Their code: `engine-functions.ts`. */
export const engineRefs = {
  pairWithOne: engine("pairWithOne"),
  pairWithNull: engine("pairWithNull"),
  keyByNull: engine("keyByNull"),
  one: engine("one"),
  add: engine("add"),
  subtract: engine("subtract"),
  concatenate: engine("concatenate"),
  countNotZero: engine("countNotZero"),
  keepFirst: engine("keepFirst"),
  countPartition: engine("countPartition"),
  sumPartition: engine("sumPartition"),
  addToSketch: engine("addToSketch"),
  mergeSketches: engine("mergeSketches"),
  estimateDistinct: engine("estimateDistinct"),
  countValues: engine("countValues"),
  momentsOfPartition: engine("momentsOfPartition"),
  numbers: engine("numbers"),
  isDefined: engine("isDefined"),
  toNull: engine("toNull"),
  identity: engine("identity"),
  onEverySide: engine("onEverySide"),
  rateRecords: engine("rateRecords"),
} as const;

/** Those that touch files, whose code is with who runs tasks. */
export const fileRefs = {
  readText: engine("readText"),
  readBytes: engine("readBytes"),
} as const;

/** A function of the engine that captures values or functions of the job; it keeps the author's place for messages. */
export function engineRefWith(name: string, captures: () => readonly unknown[], site?: SourceSite): FunctionRef {
  return { id: `millrace:${name}`, captures, names: [name], site };
}
