// Record by record, partition by partition, and batches as wholes.
import * as f from "../functions.ts";
import { any, firstSeen, inOrder, numbers, type Operation, one, single, texts, two } from "./operation.ts";

export const records: Readonly<Record<string, Operation>> = {
  "map label": one(
    any,
    () => ({ pair: false, value: "text" }),
    (s) => s.map(f.label),
  ),
  "map weigh": one(
    any,
    () => ({ pair: false, value: "number" }),
    (s) => s.map(f.weigh),
  ),
  "map pairUp": one(
    any,
    () => ({ pair: true, value: "number" }),
    (s) => s.map(f.pairUp),
  ),
  "map pairByWeight": one(
    any,
    () => ({ pair: true, value: "text" }),
    (s) => s.map(f.pairByWeight),
  ),
  "flatMap twiceOrNot": one(
    any,
    ({ size }) => ({ size: size * 2 }),
    (s) => s.flatMap(f.twiceOrNot),
  ),
  "filter isHeavy": one(
    any,
    () => ({}),
    (s) => s.filter(f.isHeavy),
  ),
  "mapPartitions countAll": one(
    ({ placed }) => placed,
    () => ({ pair: false, value: "number", sequence: true }),
    (s) => s.mapPartitions(f.countAll),
  ),
  "mapPartitions runningCount": one(
    (type) => type.placed && inOrder(type),
    () => ({ pair: false, value: "text" }),
    (s) => s.mapPartitions(f.runningCount),
  ),
  "mapPartitions slowly": one(
    any,
    () => ({}),
    (s) => s.mapPartitions(f.slowly, true),
  ),
  "mapPartitionsWithIndex withIndex": one(
    ({ placed }) => placed,
    () => ({ pair: true, value: "any" }),
    (s) => s.mapPartitionsWithIndex(f.withIndex),
  ),
  glom: one(
    ({ placed }) => placed,
    () => ({ pair: false, value: "any", sequence: true }),
    (s) => s.glom().map((records) => f.sortedList(records as unknown[])), // of which glom makes arrays
  ),
  repartition: one(
    any,
    () => ({ sequence: false, placed: false }),
    (s, { n }) => s.repartition(n),
  ),
  persist: one(
    any,
    () => ({}),
    (s) => s.map((record) => record).persist(),
  ),
  union: two(
    (a, b) => a.pair === b.pair && a.value === b.value,
    (a, b) => ({
      // Of which of them are joined partition by partition, the order shows where partitions end.
      sequence: a.sequence && b.sequence && a.placed && b.placed && !(a.stateful && b.stateful),
      // Two states are never in one task, however they are placed: joining partitions is up to the planner.
      placed: a.placed && b.placed && !(a.stateful && b.stateful),
      size: a.size + b.size,
    }),
    (a, b) => a.union(b),
  ),
  count: one(
    any,
    () => ({ ...single, value: "number" }),
    (s) => s.count(),
  ),
  "reduce sum": one(
    numbers,
    () => ({ ...single }),
    (s) => s.reduce(f.sum),
  ),
  "reduce chain": one(
    texts,
    () => ({ ...single }),
    (s) => s.reduce(f.chain),
  ),
  countByValue: one(
    any,
    (type) => ({ ...firstSeen(type), value: "number" }),
    (s, { n }) => s.countByValue(n),
  ),
};
