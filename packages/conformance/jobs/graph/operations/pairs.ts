// Operations of streams of pairs, and state.
import * as f from "../functions.ts";
import {
  BATCHES,
  bothPairs,
  byKey,
  firstSeen,
  inOrder,
  isPair,
  joined,
  ms,
  numberPairs,
  type Operation,
  one,
  product,
  textPairs,
  two,
} from "./operation.ts";

export const pairs: Readonly<Record<string, Operation>> = {
  "mapValues label": one(
    isPair,
    () => ({ value: "text" }),
    (s) => s.mapValues(f.label),
  ),
  "mapValues weigh": one(
    isPair,
    () => ({ value: "number" }),
    (s) => s.mapValues(f.weigh),
  ),
  "flatMapValues twiceOrNot": one(
    isPair,
    ({ size }) => ({ size: size * 2 }),
    (s) => s.flatMapValues(f.twiceOrNot),
  ),
  keys: one(
    isPair,
    () => ({ pair: false, value: "any" }),
    (s) => s.keys(),
  ),
  values: one(
    isPair,
    () => ({ pair: false }),
    (s) => s.values(),
  ),
  groupByKey: one(
    isPair,
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.groupByKey(n).mapValues(f.sortedList),
  ),
  "groupByKey in order": one(
    (type) => isPair(type) && inOrder(type),
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.groupByKey(n),
  ),
  "reduceByKey sum": one(numberPairs, firstSeen, (s, { n }) => s.reduceByKey(f.sum, n)),
  "reduceByKey sum by default": one(numberPairs, firstSeen, (s) => s.reduceByKey(f.sum)),
  "reduceByKey chain": one(textPairs, firstSeen, (s, { n }) => s.reduceByKey(f.chain, n)),
  "reduceByKey sum by partitioner": one(numberPairs, firstSeen, (s) =>
    s.reduceByKey(f.sum, { partitioner: f.byWeight }),
  ),
  "combineByKey list": one(
    (type) => isPair(type) && inOrder(type),
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.combineByKey(f.list, f.addToList, f.joinLists, n),
  ),
  "combineByKey list after the shuffle": one(
    (type) => isPair(type) && inOrder(type),
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.combineByKey(f.list, f.addToList, f.joinLists, { numPartitions: n, mapSideCombine: false }),
  ),
  aggregateByKey: one(
    (type) => isPair(type) && inOrder(type),
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.aggregateByKey([], f.addInPlace, f.joinLists, n),
  ),
  foldByKey: one(
    (type) => numberPairs(type) && type.placed,
    firstSeen,
    (s) => s.foldByKey(1, f.sum),
  ),
  partitionBy: one(
    isPair,
    ({ sequence }) => ({ placed: true, sequence }),
    (s, { n }) => s.partitionBy(n),
  ),
  "partitionBy partitioner": one(
    isPair,
    ({ sequence }) => ({ placed: true, sequence }),
    (s) => s.partitionBy({ partitioner: f.byWeight }),
  ),
  cogroup: two(
    bothPairs,
    (a, b) => ({ ...joined, size: a.size + b.size }),
    (a, b, { n }) => a.cogroup(b, n).mapValues(f.bothSorted),
  ),
  "cogroup in order": two(
    (a, b) => bothPairs(a, b) && inOrder(a) && inOrder(b),
    (a, b) => ({ ...joined, size: a.size + b.size }),
    (a, b) => a.cogroup(b),
  ),
  join: two(bothPairs, product, (a, b, { n }) => a.join(b, n)),
  leftOuterJoin: two(bothPairs, product, (a, b) => a.leftOuterJoin(b)),
  rightOuterJoin: two(bothPairs, product, (a, b, { n }) => a.rightOuterJoin(b, n)),
  fullOuterJoin: two(
    bothPairs,
    (a, b) => ({ ...product(a, b), size: a.size * b.size + a.size + b.size }),
    (a, b) => a.fullOuterJoin(b),
  ),
  "updateStateByKey total": one(
    numberPairs,
    ({ size }) => ({ ...byKey, stateful: true, size: size * BATCHES }),
    (s, { n }) => s.updateStateByKey(f.total, n),
  ),
  "updateStateByKey total of those with input": one(
    numberPairs,
    ({ size }) => ({ ...byKey, stateful: true, size: size * BATCHES }),
    (s, { n }) => s.updateStateByKey(f.total, { numPartitions: n, onlyUpdated: true }),
  ),
  "updateStateByKey history": one(
    textPairs,
    ({ size }) => ({ ...byKey, stateful: true, size: size * BATCHES }),
    (s) => s.updateStateByKey(f.history),
  ),
  "updateStateByKey total from an initial state": one(
    numberPairs,
    (type) => ({ ...byKey, stateful: true, size: (type.size + INITIAL.length) * BATCHES }),
    (s, { n }) => s.updateStateByKey(f.total, { numPartitions: n, initialState: INITIAL }),
  ),
  "updateStatePartitions totals": one(
    numberPairs,
    (type) => ({ ...byKey, stateful: true, size: type.size * BATCHES }),
    (s, { n }) => s.updateStatePartitions(f.totals, n),
  ),
  "mapWithState runningTotal": one(
    (type) => numberPairs(type) && inOrder(type),
    () => ({ placed: true, stateful: true }),
    (s, { n }) => s.mapWithState(f.runningTotal, { numPartitions: n, initialState: INITIAL }),
  ),
  "mapWithState runningTotal with timeout": one(
    (type) => numberPairs(type) && inOrder(type),
    (type) => ({ ...byKey, stateful: true, size: type.size * 2 }),
    (s, node) => s.mapWithState(f.runningTotal, { numPartitions: node.n, timeout: ms(s, node.length) }),
  ),
  "mapWithState snapshots": one(
    (type) => numberPairs(type) && inOrder(type),
    (type) => ({ ...byKey, stateful: true, size: type.size * BATCHES }),
    (s, node) => s.mapWithState(f.runningTotal, { timeout: ms(s, node.length) }).stateSnapshots(),
  ),
};

/** Keys that come in batches, too, and one that does not. */
const INITIAL: readonly (readonly [unknown, number])[] = [
  ["a", 7],
  [0, 3],
  [{ b: 2, a: 1 }, 1],
  ["never in a batch", 2],
];
