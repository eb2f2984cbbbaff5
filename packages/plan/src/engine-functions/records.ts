import { KeyMap } from "@millrace/codec";
import { mapSlices, PairSlice, pairOf, slicesOf } from "@millrace/operators";
import type { EngineFactories } from "./engine-factories.ts";

type Unary = (value: unknown) => unknown;
type Binary = (a: unknown, b: unknown) => unknown;
type Cogrouped = readonly [key: unknown, sides: readonly (readonly unknown[])[]];

/** What operations do to single records, and to the records of a partition one after the other. */
export const recordFunctions: EngineFactories = {
  "millrace:pairWithOne": () => (value: unknown) => [value, 1],
  "millrace:pairWithNull": () => (value: unknown) => [value, null],
  "millrace:keyByNull": () => (value: unknown) => [null, value],
  "millrace:one": () => () => 1,
  "millrace:add": () => (a: number, b: number) => a + b,
  "millrace:subtract": () => (a: number, b: number) => a - b,
  /** Adds to the first list, which nobody else has: it was decoded, or made here. */
  "millrace:concatenate": () => (a: unknown[], b: readonly unknown[]) => {
    for (const value of b) a.push(value);
    return a;
  },
  "millrace:countNotZero": () => (pair: readonly [unknown, number]) => pair[1] !== 0,
  "millrace:keepFirst": () => (a: unknown) => a,
  "millrace:countPartition": () => (values: Iterable<unknown>) => {
    let n = 0;
    for (const slice of slicesOf(values)) n += slice.length;
    return [n];
  },
  /** One number for a partition of numbers: 0 for an empty one. */
  "millrace:sumPartition": () => (values: Iterable<number>) => {
    let sum = 0;
    for (const slice of slicesOf(values)) for (const n of slice) sum += n;
    return [sum];
  },
  /** `key` is for loops that need no tuple. */
  "millrace:keyBy": (key: Unary) => Object.assign((value: unknown) => [key(value), value], { key }),
  "millrace:isDefined": () => (value: unknown) => value !== undefined,
  "millrace:toNull": () => () => null,
  "millrace:identity": () => (value: unknown) => value,
  /** Keys that every side of a cogroup has. */
  "millrace:onEverySide": () => (pair: Cogrouped) => pair[1].every((values) => values.length > 0),
  "millrace:hasKey": (wanted: unknown) => {
    if (typeof wanted === "string") return (record: unknown) => pairOf(record)[0] === wanted;
    const keys = new KeyMap<unknown, true>();
    keys.set(wanted, true);
    return (record: unknown) => keys.has(pairOf(record)[0]);
  },
  /** What a function makes of a whole partition, as one record. */
  "millrace:wholePartition": (fn: (values: Iterable<unknown>) => unknown) => async (values: Iterable<unknown>) => [
    await fn(values),
  ],
  /** One pair for each key of a partition of pairs. */
  "millrace:reducePartition": (fn: Binary) => (pairs: Iterable<unknown>) => {
    const reduced = new KeyMap<unknown, unknown>();
    for (const slice of slicesOf(pairs)) {
      for (const record of slice) {
        const pair = pairOf(record);
        reduced.merge(pair[0], pair[1], fn);
      }
    }
    return reduced;
  },
  /** @param starts The number of the first record of each partition. */
  /** The number of the first record of a partition, and what is added for the next one. */
  "millrace:zipWithIndex": (starts: readonly number[]) => (partition: number) => [starts[partition] ?? 0, 1],
  "millrace:zipWithUniqueId": (partitions: number) => (partition: number) => [partition, partitions],
  /** Keys each record by a number below `groups`, so that partitions are brought together evenly. */
  "millrace:keyByPartition": (groups: number) => (partition: number, values: Iterable<unknown>) =>
    mapSlices(values, (slice) => new PairSlice(new Array<number>(slice.length).fill(partition % groups), slice)),
};
