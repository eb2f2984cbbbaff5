// Windows.
import * as f from "../functions.ts";
import {
  any,
  BATCHES,
  byKey,
  inOrder,
  isPair,
  joined,
  ms,
  numberPairs,
  numbers,
  type Operation,
  one,
  single,
  textPairs,
  texts,
  windowed,
} from "./operation.ts";

export const windows: Readonly<Record<string, Operation>> = {
  window: one(
    any,
    // Batches that are placed alike are joined partition by partition: the order shows where partitions end.
    (type, node) => ({ ...windowed(type, node), sequence: type.sequence && type.placed }),
    (s, { length, slide }) => s.window(ms(s, length), ms(s, slide)),
  ),
  "reduceByWindow sum": one(
    numbers,
    (type, node) => ({ ...windowed(type, node), ...single }),
    (s, node) => s.reduceByWindow(f.sum, ms(s, node.length), ms(s, node.slide)),
  ),
  "reduceByWindow sum with inverse": one(
    numbers,
    (type, node) => ({ ...windowed(type, node), stateful: true, ...single }),
    (s, node) => s.reduceByWindow(f.sum, f.minus, ms(s, node.length), ms(s, node.slide)),
  ),
  "reduceByWindow chain": one(
    texts,
    (type, node) => ({ ...windowed(type, node), ...single }),
    (s, node) => s.reduceByWindow(f.chain, ms(s, node.length), ms(s, node.slide)),
  ),
  countByWindow: one(
    any,
    (type, node) => ({ ...windowed(type, node), stateful: true, ...single, value: "number" }),
    (s, node) => s.countByWindow(ms(s, node.length), ms(s, node.slide)),
  ),
  countByValueAndWindow: one(
    any,
    (type, node) => ({ ...windowed(type, node), stateful: true, ...byKey, value: "number" }),
    (s, node) => s.countByValueAndWindow(ms(s, node.length), ms(s, node.slide), node.n),
  ),
  groupByKeyAndWindow: one(
    isPair,
    (type, node) => ({ ...windowed(type, node), ...joined }),
    (s, node) => s.groupByKeyAndWindow(ms(s, node.length), ms(s, node.slide), node.n).mapValues(f.sortedList),
  ),
  "groupByKeyAndWindow in order": one(
    (type) => isPair(type) && inOrder(type),
    (type, node) => ({ ...windowed(type, node), ...joined }),
    (s, node) => s.groupByKeyAndWindow(ms(s, node.length), ms(s, node.slide)),
  ),
  "reduceByKeyAndWindow sum": one(
    numberPairs,
    (type, node) => ({ ...windowed(type, node), ...byKey }),
    (s, node) => s.reduceByKeyAndWindow(f.sum, ms(s, node.length), ms(s, node.slide), node.n),
  ),
  "reduceByKeyAndWindow chain": one(
    textPairs,
    (type, node) => ({ ...windowed(type, node), ...byKey }),
    (s, node) => s.reduceByKeyAndWindow(f.chain, ms(s, node.length), ms(s, node.slide), node.n),
  ),
  "reduceByKeyAndWindow sum with inverse": one(
    numberPairs,
    (type, node) => ({ ...windowed(type, node), ...byKey, stateful: true, size: type.size * BATCHES }),
    (s, node) => s.reduceByKeyAndWindow(f.sum, f.minus, ms(s, node.length), ms(s, node.slide), node.n),
  ),
  "reduceByKeyAndWindow sum with inverse and filter": one(
    isPair,
    (type, node) => ({ ...windowed(type, node), ...byKey, value: "number", stateful: true, size: type.size * BATCHES }),
    (s, node) =>
      s.mapValues(f.positive).reduceByKeyAndWindow(f.sum, f.minus, ms(s, node.length), ms(s, node.slide), {
        numPartitions: node.n,
        filter: f.valueIsNotZero,
      }),
  ),
};
