// Operations of RDDs that depend on the order of values, with their results.
import { defineJob, RangePartitioner, type RDD } from "millrace";
import { Checks } from "./checks.ts";

export default defineJob({ name: "rdd-order", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream<number>([[1]]).foreachRDD(async () => {
    const checks = new Checks();
    const mixed = ssc.parallelize<unknown>([3, "b", undefined, -1, [2], null, 10, "a", 2n, Number.NaN], 3);
    const shuffled = ssc.range(0, 10_000, 1, 5).map((n) => (n * 7919) % 10_007);
    const pairs = ssc.parallelize<[string, number]>(
      [
        ["b", 1],
        ["a", 2],
        ["c", 3],
        ["a", 4],
        ["d", 5],
        ["b", 6],
      ],
      3,
    );
    await sorted(mixed, shuffled, ssc.emptyRDD<number>(), checks);
    await byKey(pairs, checks);
    await outermost(mixed, shuffled, ssc.emptyRDD<number>(), checks);
    checks.report();
  });
});

async function sorted(mixed: RDD<unknown>, many: RDD<number>, none: RDD<number>, checks: Checks): Promise<void> {
  const order = [undefined, null, -1, 3, 10, Number.NaN, 2n, "a", "b", [2]];
  const same = (value: unknown): unknown => value;
  await checks.is("sortBy", mixed.sortBy(same).collect(), order);
  await checks.is("sortBy to one partition", mixed.sortBy(same, { numPartitions: 1 }).glom().collect(), [order]);
  await checks.is("sortBy descending", mixed.sortBy(same, false).collect(), [...order].reverse());
  const all = await many.collect();
  const inOrder = [...all].sort((a, b) => a - b);
  await checks.is("sortBy of many", many.sortBy((n) => n).collect(), inOrder);
  const sizes = (
    await many
      .sortBy((n) => n)
      .glom()
      .collect()
  ).map((part) => part.length);
  await checks.is("sortBy makes even partitions", [sizes.length, Math.max(...sizes) < 3000], [5, true]);
  const byLastDigit = many.sortBy((n) => n, { compare: (a, b) => (a % 10) - (b % 10), numPartitions: 4 });
  await checks.is(
    "sortBy a compare function",
    byLastDigit
      .map((n) => n % 10)
      .distinct()
      .count(),
    10,
  );
  const digits = await byLastDigit.map((n) => n % 10).collect();
  await checks.is("sortBy a compare function sorts", digits, [...digits].sort());
  const parts = byLastDigit.mapPartitions((part) => [new Set([...part].map((n) => n % 10))]);
  const shared = (await parts.collect()).flatMap((set) => [...set]);
  await checks.is("equal keys share a partition", shared.length, 10);
  await checks.is("sortBy of nothing", none.sortBy((n) => n, { numPartitions: 4 }).collect(), []);
  const stable = many.coalesce(1).sortBy((n) => n % 3, { numPartitions: 2 });
  await checks.is(
    "equal ones stay as they came",
    stable.collect(),
    [...all].sort((a, b) => (a % 3) - (b % 3)),
  );
  await checks.fails("sortBy what has no order", mixed.sortBy((value) => ({ value })).collect(), /VALUE_NOT_ORDERED/);
  await checks.fails(
    "a compare function that gives no number",
    many.sortBy((n) => n, { compare: () => Number.NaN }).collect(),
    /BAD_COMPARISON/,
  );
}

async function byKey(pairs: RDD<[string, number]>, checks: Checks): Promise<void> {
  const ordered = pairs.sortByKey();
  await checks.is("sortByKey", ordered.collect(), [
    ["a", 2],
    ["a", 4],
    ["b", 1],
    ["b", 6],
    ["c", 3],
    ["d", 5],
  ]);
  await checks.is("sortByKey descending", pairs.sortByKey(false).keys().collect(), ["d", "c", "b", "b", "a", "a"]);
  const partitioner = await ordered.getPartitioner();
  await checks.is("is placed by ranges", partitioner instanceof RangePartitioner, true);
  await checks.is("filterByRange", ordered.filterByRange("b", "c").values().collect(), [1, 6, 3]);
  await checks.is("filterByRange without ranges", pairs.filterByRange("b", "c").values().collect(), [1, 3, 6]);
  await checks.is("filterByRange the wrong way round", ordered.filterByRange("c", "b").count(), 0);
  await checks.is(
    "filterByRange of ranges that descend",
    pairs.sortByKey(false).filterByRange("b", "c").values().collect(),
    [3, 1, 6],
  );
  const two = new RangePartitioner(["b"]);
  const placed = pairs.repartitionAndSortWithinPartitions(two, { compare: (a, b) => (a < b ? 1 : a > b ? -1 : 0) });
  await checks.is("repartitionAndSortWithinPartitions", placed.glom().collect(), [
    [
      ["b", 1],
      ["b", 6],
      ["a", 2],
      ["a", 4],
    ],
    [
      ["d", 5],
      ["c", 3],
    ],
  ]);
  await checks.is("lookup in a range", placed.lookup("c"), [3]);
  const sampled = await RangePartitioner.of(pairs, 2);
  await checks.is("a sampled range partitioner", [sampled.numPartitions, sampled.getPartition("d")], [2, 1]);
  await checks.is("joins without a shuffle", placed.join(pairs.partitionBy(new RangePartitioner(["b"]))).count(), 10);
}

async function outermost(mixed: RDD<unknown>, many: RDD<number>, none: RDD<number>, checks: Checks): Promise<void> {
  const all = (await many.collect()).sort((a, b) => a - b);
  await checks.is("takeOrdered", many.takeOrdered(200), all.slice(0, 200));
  await checks.is("top", many.top(3), all.slice(-3).reverse());
  await checks.is("top of more than there are", (await many.top(20_000)).length, 10_000);
  await checks.is(
    "takeOrdered by a function",
    many.takeOrdered(2, (a, b) => b - a),
    all.slice(-2).reverse(),
  );
  await checks.is("takeOrdered of any values", mixed.takeOrdered(3), [undefined, null, -1]);
  await checks.is("max and min", [await many.max(), await many.min()], [all.at(-1), all[0]]);
  await checks.is(
    "max by a function",
    mixed.map(String).max((a, b) => a.length - b.length),
    "undefined",
  );
  await checks.fails("max of nothing", none.max(), /EMPTY_COLLECTION\] max/);
  await checks.is("top of nothing", none.top(3), []);
}
