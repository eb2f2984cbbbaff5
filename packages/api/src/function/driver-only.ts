/** Marks objects of the driver that no function may take to an executor, with a description and the remedy. */
export const DRIVER_ONLY: unique symbol = Symbol("millrace.driverOnly");

export interface DriverOnly {
  readonly [DRIVER_ONLY]: { readonly noun: string; readonly remedy: string };
}

export function driverOnly(value: unknown): DriverOnly[typeof DRIVER_ONLY] | undefined {
  if (typeof value !== "object" || value === null || !(DRIVER_ONLY in value)) return undefined;
  return (value as DriverOnly)[DRIVER_ONLY]; // only this package has the symbol, and gives it this type
}

export const STREAM_REMEDY = {
  noun: "a DStream",
  remedy:
    "Streams exist on the driver only. Combine streams with join, cogroup, union or transformWith, or use another stream's data through transform.",
} as const;

export const INPUT_REMEDY = {
  noun: "an input stream",
  remedy: "It exists on the driver only. Capture values taken from it.",
} as const;

export const RDD_REMEDY = {
  noun: "an RDD",
  remedy:
    "RDDs exist on the driver only. Join it with this one, or collect() it on the driver and capture the result, or broadcast it.",
} as const;

export const CONTEXT_REMEDY = {
  noun: "the StreamingContext",
  remedy: "It exists on the driver only. Use it in build, transform or foreachRDD, and capture values taken from it.",
} as const;
