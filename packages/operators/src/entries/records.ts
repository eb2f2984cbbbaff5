import { KeyMap } from "@millrace/codec";
import type { JobFunction } from "../job-function.ts";
import { type Operator, operator } from "../operator.ts";
import { pairOf } from "../pair.ts";

// Operators on single records and values.

type KeyFunction = JobFunction<[record: unknown]>;
type Cogrouped = readonly [key: unknown, sides: readonly (readonly unknown[])[]];

export const pairWithOne: Operator<[]> = operator(
  "pairWithOne",
  () =>
    (record: unknown): [unknown, 1] => [record, 1],
  { kind: "pair", key: "record", value: 1 },
);
export const pairWithNull: Operator<[]> = operator(
  "pairWithNull",
  () =>
    (record: unknown): [unknown, null] => [record, null],
  { kind: "pair", key: "record", value: null },
);
export const keyByNull: Operator<[]> = operator(
  "keyByNull",
  () =>
    (record: unknown): [null, unknown] => [null, record],
  { kind: "pair", key: null, value: "record" },
);
export const keyBy: Operator<[key: KeyFunction]> = operator(
  "keyBy",
  (key: KeyFunction) => Object.assign((record: unknown): [unknown, unknown] => [key(record), record], { key }),
  { kind: "pair", key: "key", value: "record" },
);

export const one: Operator<[]> = operator("one", () => () => 1);
export const toNull: Operator<[]> = operator("toNull", () => () => null);
export const identity: Operator<[]> = operator("identity", () => (value: unknown) => value);
export const isDefined: Operator<[]> = operator("isDefined", () => (value: unknown) => value !== undefined);

export const add: Operator<[]> = operator("add", () => (a: number, b: number) => a + b, { kind: "sum" });
export const subtract: Operator<[]> = operator("subtract", () => (a: number, b: number) => a - b);
export const keepFirst: Operator<[]> = operator("keepFirst", () => (a: unknown) => a);
/** Appends to the first list, which is not shared: it was decoded or created here. */
export const concatenate: Operator<[]> = operator("concatenate", () => (a: unknown[], b: readonly unknown[]) => {
  for (const value of b) a.push(value);
  return a;
});

export const countNotZero: Operator<[]> = operator(
  "countNotZero",
  () => (pair: readonly [unknown, number]) => pair[1] !== 0,
);
/** Keeps the keys of a cogroup that occur on every side. */
export const onEverySide: Operator<[]> = operator(
  "onEverySide",
  () => (pair: Cogrouped) => pair[1].every((values) => values.length > 0),
);
export const hasKey: Operator<[wanted: unknown]> = operator("hasKey", (wanted) => {
  if (typeof wanted === "string") return (record: unknown) => pairOf(record)[0] === wanted;
  const keys = new KeyMap<unknown, true>();
  keys.set(wanted, true);
  return (record: unknown) => keys.has(pairOf(record)[0]);
});

/**
 * The number of the first record of a partition, and the step to the next one.
 *
 * @param starts The number of the first record of each partition.
 */
export const zipWithIndex: Operator<[starts: readonly number[]]> = operator(
  "zipWithIndex",
  (starts) => (partition: number) => [starts[partition] ?? 0, 1],
);
/** Like `zipWithIndex`, with numbers that are unique for this number of partitions and need no counting. */
export const zipWithUniqueId: Operator<[partitions: number]> = operator(
  "zipWithUniqueId",
  (partitions) => (partition: number) => [partition, partitions],
);
