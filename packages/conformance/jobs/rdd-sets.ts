// Operations of RDDs of any records, with their results.
import { defineJob, HashPartitioner, type RDD, type StreamingContext } from "millrace";
import { Checks } from "./checks.ts";

export default defineJob({ name: "rdd-sets", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream<number>([[1]]).foreachRDD(async () => {
    const checks = new Checks();
    await jobs(ssc, checks);
    await cut(ssc.parallelize([1, 2, 3, 4, 5, 6, 7], 5), checks);
    await several(ssc.parallelize([3, 1, 2, 3, 3], 3), ssc.parallelize([3, 4, 4, 1], 2), checks);
    await numbered(ssc.parallelize("abcdefg", 3), ssc.parallelize(["x"], 1), checks);
    await sampled(ssc.range(0, 10_000, 1, 4), checks);
    await folded(ssc.parallelize([1, 2, 3, 4], 3), ssc.range(0, 100, 1, 20), ssc.emptyRDD<number>(), checks);
    checks.report();
  });
});

async function cut(numbers: RDD<number>, checks: Checks): Promise<void> {
  await checks.is("coalesce", numbers.coalesce(2).glom().collect(), [
    [1, 2],
    [3, 4, 5, 6, 7],
  ]);
  await checks.is("coalesce to more", numbers.coalesce(9).getNumPartitions(), 5);
  await checks.is("coalesce with a shuffle", numbers.coalesce(9, true).getNumPartitions(), 9);
  await checks.isInAnyOrder("repartition", numbers.repartition(2).collect(), [1, 2, 3, 4, 5, 6, 7]);
  await checks.is("toLocalIterator", all(numbers.toLocalIterator()), [1, 2, 3, 4, 5, 6, 7]);
  const filtered = numbers.filterMap((n) => (n % 2 === 0 ? `even ${n}` : undefined));
  await checks.is("filterMap", filtered.collect(), ["even 2", "even 4", "even 6"]);
}

async function jobs(ssc: StreamingContext, checks: Checks): Promise<void> {
  const numbers = ssc.range(10, 0, -3, 3);
  await checks.is("range", numbers.glom().collect(), [[10], [7], [4, 1]]);
  await checks.is("range of nothing", ssc.range(5, 5, 1, 2).glom().collect(), [[], []]);
  await checks.is("a range that would not fit the driver", ssc.range(1e12).take(2), [0, 1]);
  const sum = (records: Iterable<number>): number => [...records].reduce((a, b) => a + b, 0);
  await checks.is("runJob", ssc.runJob(numbers, sum), [10, 7, 5]);
  await checks.is(
    "runJob on some partitions",
    ssc.runJob(numbers, async (all) => sum(all), [2, 0, 2]),
    [5, 10, 5],
  );
  await checks.is("runJob on an empty partition", ssc.runJob(ssc.range(0, 0, 1, 2), sum), [0, 0]);
  const named = numbers.setName("numbers");
  await checks.is("a name", [named.name, named.toDebugString()], ["numbers", "(3) numbers (range)\n |  range"]);
}

async function several(left: RDD<number>, right: RDD<number>, checks: Checks): Promise<void> {
  await checks.is("union", left.union(right).collect(), [3, 1, 2, 3, 3, 3, 4, 4, 1]);
  await checks.isInAnyOrder("intersection", left.intersection(right).collect(), [1, 3]);
  await checks.is("intersection's partitions", left.intersection(right).getNumPartitions(), 3);
  await checks.isInAnyOrder("subtract", right.subtract(left).collect(), [4, 4]);
  await checks.is("subtract's partitions", right.subtract(left).getNumPartitions(), 2);
  await checks.isInAnyOrder("distinct", left.distinct().collect(), [1, 2, 3]);
  await checks.is("distinct's partitions", left.distinct(4).getNumPartitions(), 4);
  const placed = left.map((n) => [n % 2, n]).partitionBy(2);
  await checks.isInAnyOrder("distinct of placed pairs", placed.distinct().collect(), [
    [0, 2],
    [1, 1],
    [1, 3],
  ]);
  await checks.is("cartesian", left.cartesian(right).collect(), product([3, 1, 2, 3, 3], [3, 4, 4, 1]));
  await checks.is("cartesian's partitions", left.cartesian(right).getNumPartitions(), 6);
  await checks.is("zip", left.zip(left.map((n) => -n)).take(2), [
    [3, -3],
    [1, -1],
  ]);
  await checks.fails("zip of other partitions", left.zip(right).count(), /PARTITIONS_DIFFER.*3 and 2/);
  await checks.fails("zip of other lengths", left.zip(left.filter((n) => n > 1)).count(), /zip/);
  const sums = left.zipPartitions([left, left], (a, b, c) => [[...a].length + [...b].length + [...c].length]);
  await checks.is("zipPartitions", sums.collect(), [3, 6, 6]);
  await checks.is("distinct keeps placement", placed.distinct().getPartitioner(), new HashPartitioner(2));
}

/** In the order of partitions, of which the left has 3 and the right 2. */
function product(left: readonly number[], right: readonly number[]): number[][] {
  const cut = (list: readonly number[], n: number): number[][] =>
    Array.from({ length: n }, (_, i) =>
      list.slice(Math.floor((i * list.length) / n), Math.floor(((i + 1) * list.length) / n)),
    );
  return cut(left, 3).flatMap((ls) => cut(right, 2).flatMap((rs) => ls.flatMap((l) => rs.map((r) => [l, r]))));
}

async function numbered(letters: RDD<string>, one: RDD<string>, checks: Checks): Promise<void> {
  await checks.is(
    "zipWithIndex",
    letters.zipWithIndex().collect(),
    [..."abcdefg"].map((letter, i) => [letter, i]),
  );
  await checks.is("zipWithIndex of one partition", one.zipWithIndex().collect(), [["x", 0]]);
  await checks.is("zipWithIndex within a union", one.union(letters.zipWithIndex().keys()).count(), 8);
  await checks.is("zipWithUniqueId", letters.zipWithUniqueId().collect(), [
    ["a", 0],
    ["b", 3],
    ["c", 1],
    ["d", 4],
    ["e", 2],
    ["f", 5],
    ["g", 8],
  ]);
}

async function sampled(numbers: RDD<number>, checks: Checks): Promise<void> {
  const half = await numbers.sample(false, 0.5, 7).collect();
  await checks.is("sample", Math.abs(half.length - 5000) < 300, true);
  await checks.is("sample again", numbers.sample(false, 0.5, 7).collect(), half);
  await checks.is("sample of another seed", (await numbers.sample(false, 0.5, 8).first()) === half[0] ? half : 0, 0);
  const twice = await numbers.sample(true, 2, 7).collect();
  await checks.is("sample with replacement", Math.abs(twice.length - 20_000) < 900, true);
  const [a, b, c] = numbers.randomSplit([1, 2, 7], 3);
  const parts = await Promise.all([a, b, c].map((part) => part?.collect() ?? []));
  await checks.is(
    "randomSplit",
    parts.flat().sort((x, y) => x - y),
    Array.from({ length: 10_000 }, (_, i) => i),
  );
  await checks.is("randomSplit's shares", Math.abs((parts[1]?.length ?? 0) - 2000) < 200, true);
  const some = await numbers.takeSample(false, 50, 1);
  await checks.is("takeSample", [some.length, new Set(some).size], [50, 50]);
  await checks.is("takeSample again", numbers.takeSample(false, 50, 1), some);
  await checks.is("takeSample of more than there is", (await numbers.takeSample(false, 20_000)).length, 10_000);
  await checks.is("takeSample with replacement", (await numbers.takeSample(true, 20_000, 5)).length, 20_000);
  const distinct = await numbers.map((n) => n % 1000).countApproxDistinct(0.02);
  await checks.is("countApproxDistinct", Math.abs(distinct - 1000) < 60, true);
}

async function folded(four: RDD<number>, many: RDD<number>, none: RDD<number>, checks: Checks): Promise<void> {
  const add = (a: number, b: number): number => a + b;
  await checks.is("reduce", four.reduce(Math.max), 4);
  await checks.is("fold has zero once for each partition and once more", four.fold(100, add), 410);
  const collect = (list: number[], n: number): number[] => {
    list.push(n);
    return list;
  };
  const join = (a: number[], b: number[]): number[] => [...a, ...b];
  await checks.is("aggregate", four.aggregate([0], collect, join), [0, 0, 1, 0, 2, 0, 3, 4]);
  await checks.is("aggregate of nothing", none.aggregate([0], collect, join), [0]);
  await checks.is("treeAggregate", many.treeAggregate(1, add, add, 3), 4950 + 21);
  await checks.is("treeAggregate to one", many.treeAggregate(0, add, add, { finalOnExecutor: true }), 4950);
  await checks.is("treeReduce", many.treeReduce(add), 4950);
  await checks.fails("treeReduce of nothing", none.treeReduce(add), /EMPTY_COLLECTION\] treeReduce/);
  await checks.is("sum", many.sum(), 4950);
  const { count, mean, min, max, sampleVariance } = await many.stats();
  await checks.is("stats", [count, mean, min, max, Math.round(sampleVariance)], [100, 49.5, 0, 99, 842]);
  await checks.is("stats of nothing", none.stdev(), Number.NaN);
  await checks.is("histogram", many.histogram(3), [
    [0, 33, 66, 99],
    [33, 33, 34],
  ]);
  await checks.is("histogram in buckets", many.histogram([0, 10, 50]), [10, 41]);
  await checks.is("countApprox", many.countApprox("10s"), { mean: 100, confidence: 1, low: 100, high: 100 });
  await checks.is("sumApprox", (await many.sumApprox("10s")).high, 4950);
  await checks.is("meanApprox", (await many.meanApprox("10s")).mean, 49.5);
  const exactly = (n: number): unknown => ({ mean: n, confidence: 1, low: n, high: n });
  const odd = await many.map((n) => n % 2).countByValueApprox("10s");
  await checks.is(
    "countByValueApprox",
    odd,
    new Map([
      [0, exactly(50)],
      [1, exactly(50)],
    ]),
  );
  const keys = await many.map((n) => [n % 2, n]).countByKeyApprox("10s");
  await checks.is("countByKeyApprox", keys.get(1), exactly(50));
  await checks.is("histogram of one value", four.map(() => 3).histogram(5), [[3, 3], [4]]);
  await checks.fails("histogram of nothing", none.histogram(2), /NOT_FINITE/);
}

async function all<T>(records: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const record of records) list.push(record);
  return list;
}
