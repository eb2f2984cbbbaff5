// The operations that graphs are made of: where each fits, what is defined of its result, and how it is written.
import * as f from "./functions.ts";
import type { AnyStream, GraphNode, StreamType } from "./graph.ts";

export interface Operation {
  readonly streams: 1 | 2;
  /** The type of the result; `undefined`: it does not take such streams. */
  readonly type: (types: readonly [StreamType, StreamType], node: GraphNode) => StreamType | undefined;
  readonly apply: (streams: readonly [AnyStream, AnyStream], node: GraphNode) => AnyStream;
}

/** Larger streams would make a slow test and show nothing new. */
const SIZE_MAX = 600;

const one = (
  fits: (type: StreamType) => boolean,
  changes: (type: StreamType, node: GraphNode) => Partial<StreamType>,
  apply: (stream: AnyStream, node: GraphNode) => AnyStream,
): Operation => ({
  streams: 1,
  type: ([type], node) => (fits(type) ? limited({ ...type, ...changes(type, node) }) : undefined),
  apply: ([stream], node) => apply(stream, node),
});

const two = (
  fits: (a: StreamType, b: StreamType) => boolean,
  changes: (a: StreamType, b: StreamType) => Partial<StreamType>,
  apply: (a: AnyStream, b: AnyStream, node: GraphNode) => AnyStream,
): Operation => ({
  streams: 2,
  type: ([a, b]) => {
    if (a.slide !== b.slide || !fits(a, b)) return undefined;
    return limited({ ...a, stateful: a.stateful || b.stateful, ...changes(a, b) });
  },
  apply: ([a, b], node) => apply(a, b, node),
});

const limited = (type: StreamType): StreamType | undefined => (type.size > SIZE_MAX ? undefined : type);

const any = (): boolean => true;
const isPair = ({ pair }: StreamType): boolean => pair;
const numbers = ({ value, pair }: StreamType): boolean => value === "number" && !pair;
const numberPairs = ({ value, pair }: StreamType): boolean => value === "number" && pair;
/** Where the order of all records is defined, functions that tell it may be used. */
const inOrder = ({ ordered, placed }: StreamType): boolean => ordered && placed;
const texts = (type: StreamType): boolean => type.value === "text" && !type.pair && inOrder(type);
const textPairs = (type: StreamType): boolean => type.value === "text" && type.pair && inOrder(type);

/** One record in one partition. */
const single = { pair: false, ordered: true, placed: true, size: 1 } as const;
/** Keys are where their hash says, in no order. */
const byKey = { pair: true, ordered: false, placed: true } as const;
const windowed = (type: StreamType, node: GraphNode) => ({
  slide: type.slide * node.slide,
  size: type.size * node.length,
});
const ms = (stream: AnyStream, n: number): number => stream.slideDuration * n;

const joined = { ...byKey, value: "any" } as const;
const product = (a: StreamType, b: StreamType) => ({ ...joined, size: a.size * b.size });
const bothPairs = (a: StreamType, b: StreamType): boolean => a.pair && b.pair;

/** State is of every key that there ever was. */
const BATCHES = 5;

export const operations: Readonly<Record<string, Operation>> = {
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
    () => ({ pair: false, value: "number", ordered: true }),
    (s) => s.mapPartitions(f.countAll),
  ),
  "mapPartitions runningCount": one(
    inOrder,
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
    () => ({ pair: false, value: "any", ordered: true }),
    (s) => s.glom().map((records) => f.sortedList(records as unknown[])), // of which glom makes arrays
  ),
  repartition: one(
    any,
    () => ({ ordered: false, placed: false }),
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
      ordered: a.ordered && b.ordered,
      // Two states are never in one task, however they lie: whether partitions are joined is the planner's affair.
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
    () => ({ ...byKey, value: "number" }),
    (s, { n }) => s.countByValue(n),
  ),

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
    () => joined,
    (s, { n }) => s.groupByKey(n).mapValues(f.sortedList),
  ),
  "groupByKey in order": one(
    (type) => isPair(type) && inOrder(type),
    () => joined,
    (s, { n }) => s.groupByKey(n),
  ),
  "reduceByKey sum": one(
    numberPairs,
    () => byKey,
    (s, { n }) => s.reduceByKey(f.sum, n),
  ),
  "reduceByKey sum by default": one(
    numberPairs,
    () => byKey,
    (s) => s.reduceByKey(f.sum),
  ),
  "reduceByKey chain": one(
    textPairs,
    () => byKey,
    (s, { n }) => s.reduceByKey(f.chain, n),
  ),
  "reduceByKey sum by partitioner": one(
    numberPairs,
    () => byKey,
    (s) => s.reduceByKey(f.sum, { partitioner: f.byWeight }),
  ),
  "combineByKey list": one(
    (type) => isPair(type) && inOrder(type),
    () => joined,
    (s, { n }) => s.combineByKey(f.list, f.addToList, f.joinLists, n),
  ),
  "combineByKey list after the shuffle": one(
    (type) => isPair(type) && inOrder(type),
    () => joined,
    (s, { n }) => s.combineByKey(f.list, f.addToList, f.joinLists, { numPartitions: n, mapSideCombine: false }),
  ),
  partitionBy: one(
    isPair,
    ({ ordered, placed }) => ({ placed: true, ordered: ordered && placed }),
    (s, { n }) => s.partitionBy(n),
  ),
  "partitionBy partitioner": one(
    isPair,
    ({ ordered, placed }) => ({ placed: true, ordered: ordered && placed }),
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

  "transform distinct": one(
    any,
    () => ({ ordered: false }),
    (s, { n }) => s.transform((rdd) => rdd.distinct(n)),
  ),
  "transform groupBy": one(
    any,
    () => joined,
    (s, { n }) =>
      s.transform(async (rdd) =>
        rdd
          .map((value) => value)
          .groupBy(f.weigh, n)
          .mapValues(f.sortedList),
      ),
  ),
  "transformWith join": two(
    bothPairs,
    (a, b) => ({ ...product(a, b), placed: a.placed && b.placed }),
    (a, b) => a.transformWith(b, (left, right) => left.join(right)),
  ),

  window: one(any, windowed, (s, { length, slide }) => s.window(ms(s, length), ms(s, slide))),
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
    numberPairs,
    (type, node) => ({ ...windowed(type, node), ...byKey, stateful: true, size: type.size * BATCHES }),
    (s, node) =>
      s.reduceByKeyAndWindow(f.sum, f.minus, ms(s, node.length), ms(s, node.slide), {
        numPartitions: node.n,
        filter: f.valueIsNotZero,
      }),
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
};
