// Operations of RDDs, within transform.
import * as f from "../functions.ts";
import type { AnyRdd } from "../graph.ts";
import { show } from "../show.ts";
import {
  any,
  bothPairs,
  firstSeen,
  inOrder,
  isPair,
  joined,
  numberPairs,
  numbers,
  type Operation,
  one,
  product,
  texts,
  two,
} from "./operation.ts";

/** A single record with the results of actions, in the first partition of as many as there were. */
function found(rdd: AnyRdd, results: readonly unknown[]): AnyRdd {
  const text = show(results);
  return rdd.mapPartitionsWithIndex((index) => (index === 0 ? [text] : []));
}
const oneText = { pair: false, value: "text", sequence: true, size: 1 } as const;

/** For an approximation to be exact. */
const ENOUGH = "10m";

export const rdds: Readonly<Record<string, Operation>> = {
  "rdd filterMap": one(
    any,
    () => ({ pair: false, value: "text" }),
    (s) => s.transform((rdd) => rdd.filterMap(f.labelIfHeavy)),
  ),
  "rdd coalesce": one(
    any,
    () => ({}),
    (s, { n }) => s.transform((rdd) => rdd.coalesce(n)),
  ),
  "rdd zipWithIndex": one(
    inOrder,
    () => ({ pair: true, value: "number" }),
    (s) => s.transform((rdd) => rdd.zipWithIndex()),
  ),
  "rdd zipWithUniqueId": one(
    (type) => type.placed && inOrder(type),
    () => ({ pair: true, value: "number" }),
    (s) => s.transform((rdd) => rdd.zipWithUniqueId()),
  ),
  "rdd zip": one(
    any,
    () => ({ pair: true, value: "number" }),
    (s) => s.transform((rdd) => rdd.map(f.label).zip(rdd.map(f.weigh))),
  ),
  "rdd zipPartitions": one(
    ({ placed }) => placed,
    () => ({ pair: false, value: "text", sequence: true }),
    (s) => s.transform((rdd) => rdd.zipPartitions([rdd.filter(f.isHeavy)], f.lengths)),
  ),

  "rdd distinct": one(
    any,
    () => ({ sequence: false }),
    (s, { n }) => s.transform((rdd) => rdd.distinct(n)),
  ),
  "rdd intersection": two(
    any,
    (a, b) => ({ sequence: false, placed: true, size: Math.min(a.size, b.size), value: "any", pair: a.pair && b.pair }),
    (a, b, { n }) => a.transformWith(b, (left, right) => left.intersection(right, n)),
  ),
  "rdd subtract": two(
    any,
    () => ({ sequence: false }),
    (a, b) => a.transformWith(b, (left, right) => left.subtract(right)),
  ),
  "rdd subtractByKey": two(
    bothPairs,
    () => ({ sequence: false }),
    (a, b) => a.transformWith(b, (left, right) => left.subtractByKey(right)),
  ),
  "rdd cartesian": two(
    any,
    (a, b) => ({
      ...product(a, b),
      sequence: a.sequence && b.sequence && a.placed && b.placed,
      placed: a.placed && b.placed,
    }),
    (a, b) => a.transformWith(b, (left, right) => left.cartesian(right)),
  ),
  "rdd join": two(
    bothPairs,
    (a, b) => ({ ...product(a, b), placed: a.placed && b.placed }),
    (a, b) => a.transformWith(b, (left, right) => left.join(right)),
  ),
  "rdd cogroup of three": two(
    bothPairs,
    (a, b) => ({ ...joined, size: a.size + b.size }),
    (a, b, { n }) =>
      a.transformWith(b, (left, right) => left.cogroup(right, left.filter(f.isHeavy), n).mapValues(f.allSorted)),
  ),

  "rdd groupBy": one(
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
  "rdd aggregateByKey": one(
    (type) => isPair(type) && inOrder(type),
    (type) => ({ ...firstSeen(type), value: "any" }),
    (s, { n }) => s.transform((rdd) => rdd.aggregateByKey([], f.addInPlace, f.joinLists, n)),
  ),
  "rdd foldByKey": one(
    (type) => numberPairs(type) && type.placed,
    firstSeen,
    (s, { n }) => s.transform((rdd) => rdd.foldByKey(1, f.sum, n)),
  ),

  "rdd sortBy label": one(
    any,
    () => ({ sequence: true, placed: false }),
    (s, { n }) => s.transform((rdd) => rdd.sortBy(f.label, { numPartitions: n })),
  ),
  "rdd sortBy weigh, descending": one(
    any,
    () => ({ placed: false }),
    (s, { n }) => s.transform((rdd) => rdd.sortBy(f.weigh, { numPartitions: n, ascending: false })),
  ),
  "rdd sortByKey": one(
    any,
    () => ({ pair: true, value: "text", placed: false }),
    (s, { n }) => s.transform((rdd) => rdd.map(f.pairByWeight).sortByKey({ numPartitions: n }).map(f.same)),
  ),
  "rdd join of sorted": two(
    any,
    (a, b) => ({ ...product(a, b), placed: false }),
    (a, b, { n }) =>
      a
        .transformWith(b, (left, right) =>
          left.map(f.pairByWeight).sortByKey({ numPartitions: n }).join(right.map(f.pairByWeight)),
        )
        .map(f.same),
  ),
  "rdd filterByRange": one(
    any,
    () => ({ pair: true, value: "text", placed: false }),
    (s, { n }) =>
      s.transform((rdd) => rdd.map(f.pairByWeight).sortByKey({ numPartitions: n }).filterByRange(1, 2).map(f.same)),
  ),
  "rdd repartitionAndSortWithinPartitions": one(
    any,
    () => ({ pair: true, value: "text", placed: true }),
    (s, { n }) => s.transform((rdd) => rdd.map(f.pairByWeight).repartitionAndSortWithinPartitions(n)),
  ),

  "rdd actions on any": one(
    any,
    () => oneText,
    (s) =>
      s.transform(async (rdd) =>
        found(rdd, [await rdd.count(), await rdd.isEmpty(), entries(await rdd.countByValue())]),
      ),
  ),
  "rdd actions in order": one(
    inOrder,
    () => oneText,
    (s) => s.transform(async (rdd) => found(rdd, [await rdd.take(3), await rdd.collect()])),
  ),
  "rdd actions on pairs": one(
    numberPairs,
    () => oneText,
    (s) =>
      s.transform(async (rdd) =>
        found(rdd, [
          entries(await rdd.countByKey()),
          entries(await rdd.reduceByKeyLocally(f.sum)),
          f.sortedList(await rdd.lookup("a")),
        ]),
      ),
  ),
  "rdd actions on numbers": one(
    numbers,
    () => oneText,
    (s) =>
      s.transform(async (rdd) =>
        found(rdd, [
          await rdd.sum(),
          await rdd.takeOrdered(3),
          await rdd.top(2),
          await rdd.fold(0, f.sum),
          await rdd.treeAggregate(0, f.sum, f.sum),
          (await rdd.isEmpty()) ? [] : [await rdd.reduce(f.sum), await rdd.min(), await rdd.max()],
        ]),
      ),
  ),
  "rdd statistics": one(
    numbers,
    () => oneText,
    (s, { n }) =>
      s.transform(async (rdd) => {
        const { count, mean, sum, min, max, variance } = await rdd.stats();
        return found(rdd, [
          [count, min, max],
          [mean, sum, variance, await rdd.mean(), await rdd.variance(), await rdd.stdev()].map(f.rounded),
          [await rdd.popVariance(), await rdd.popStdev()].map(f.rounded),
          [await rdd.sampleVariance(), await rdd.sampleStdev()].map(f.rounded),
          await rdd.histogram([-1, 0, 2.5, n + 3]),
          count === 0 ? [] : await rdd.histogram(n),
        ]);
      }),
  ),
  "rdd approximations": one(
    numbers,
    () => oneText,
    (s) =>
      s.transform(async (rdd) =>
        found(rdd, [
          await rdd.countApprox(ENOUGH),
          ...[await rdd.sumApprox(ENOUGH), await rdd.meanApprox(ENOUGH)].map((b) => [b.confidence, f.rounded(b.mean)]),
          entries(await rdd.countByValueApprox(ENOUGH)),
          entries(await rdd.map(f.pairByWeight).countByKeyApprox(ENOUGH)),
        ]),
      ),
  ),
  "rdd chance": one(
    any,
    () => oneText,
    (s, { n }) =>
      s.transform(async (rdd) => {
        const [some, rest] = rdd.randomSplit([n, 2], n) as [AnyRdd, AnyRdd]; // of two weights
        const drawn = [rdd.sample(false, n / 4, n), rdd.sample(true, n, n)];
        return found(rdd, [
          ...(await Promise.all(drawn.map((sample) => sample.subtract(rdd).count()))),
          entries(await some.union(rest).countByValue()),
          (await rdd.takeSample(false, n, n)).length,
          (await rdd.takeSample(true, n + 8, n)).length,
        ]);
      }),
  ),
  "rdd chance by key": one(
    any,
    () => oneText,
    (s, { n }) =>
      s.transform(async (rdd) => {
        const pairs = rdd.map(f.pairByWeight);
        const fractions = new Map([0, 1, 2, 3].map((key) => [key, (key % 2) / n]));
        return found(rdd, [
          await pairs.sampleByKey(false, fractions, n).subtract(pairs).count(),
          f.sortedList(await pairs.sampleByKeyExact(false, fractions, n).keys().collect()),
        ]);
      }),
  ),
  "rdd fold": one(
    (type) => texts(type) && type.placed,
    () => oneText,
    (s) =>
      s.transform(async (rdd) =>
        found(rdd, [await rdd.fold("", f.chain), await rdd.aggregate([], f.addInPlace, f.joinLists)]),
      ),
  ),
};

function entries(counts: ReadonlyMap<unknown, unknown>): unknown[] {
  return f.sortedList([...counts]);
}
