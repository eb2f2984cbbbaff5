// Operations of streams, of pairs and of state, actions, shared variables and text files, with their results.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DStream, defineJob, type StreamingContext } from "millrace";
import { Checks } from "./checks.ts";

const checks = new Checks();

export default defineJob({ name: "stream-operations", batchInterval: "100ms" }, (ssc) => {
  const numbers = ssc.queueStream([[1, 2, 3, 3]]);
  plain(ssc, numbers);
  const pairs = ssc.queueStream<readonly [string, number]>([
    [
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ],
  ]);
  const others = ssc.queueStream<readonly [string, boolean]>([
    [
      ["a", true],
      ["c", false],
    ],
  ]);
  keyed(pairs, others);
  numbers.foreachRDD(() => actions(ssc));
  numbers.foreachRDD(() => shared(ssc));
  numbers.foreachRDD(() => checks.report());
});

/** Registered now, compared when the batch comes to it. */
function gives<T>(name: string, stream: DStream<T>, wanted: readonly T[]): void {
  stream.foreachRDD((rdd) => checks.isInAnyOrder(name, rdd.collect(), wanted));
}

function plain(ssc: StreamingContext, numbers: DStream<number>): void {
  const ten = 10;
  gives(
    "map",
    numbers.map((n) => n * ten),
    [10, 20, 30, 30],
  );
  gives(
    "flatMap",
    numbers.flatMap((n) => Array.from({ length: n - 1 }, () => n)),
    [2, 3, 3, 3, 3],
  );
  gives(
    "filter",
    numbers.filter((n) => n > 2),
    [3, 3],
  );
  gives(
    "mapPartitions",
    numbers.mapPartitions((all) => [[...all].length]).reduce((a, b) => a + b),
    [4],
  );
  gives(
    "mapPartitions, async",
    numbers.mapPartitions(async (all) => [...all].map(String)),
    ["1", "2", "3", "3"],
  );
  gives(
    "glom",
    numbers.glom().flatMap((all) => [...all]),
    [1, 2, 3, 3],
  );
  gives("union", numbers.union(numbers.map((n) => -n)), [1, 2, 3, 3, -1, -2, -3, -3]);
  gives("repartition", numbers.repartition(5), [1, 2, 3, 3]);
  gives("partitions after repartition", numbers.repartition(5).glom().count(), [5]);
  gives("count", numbers.count(), [4]);
  gives("count of nothing", numbers.filter(() => false).count(), [0]);
  gives(
    "reduce",
    numbers.reduce((a, b) => a + b),
    [9],
  );
  gives(
    "reduce of nothing",
    numbers.filter(() => false).reduce((a, b) => a + b),
    [],
  );
  gives("countByValue", numbers.countByValue(), [
    [1, 1],
    [2, 1],
    [3, 2],
  ]);
  const more = numbers.transform(async (rdd) => {
    const largest = await rdd.reduce((a, b) => Math.max(a, b));
    return rdd.union(ssc.parallelize([7, 8])).map((n) => n + largest);
  });
  gives("transform, with a value of its batch", more, [4, 5, 6, 6, 10, 11]);
}

function keyed(pairs: DStream<readonly [string, number]>, others: DStream<readonly [string, boolean]>): void {
  gives(
    "mapValues",
    pairs.mapValues((n) => -n),
    [
      ["a", -1],
      ["b", -2],
      ["a", -3],
    ],
  );
  gives(
    "groupByKey",
    pairs.groupByKey().mapValues((all) => [...all].sort()),
    [
      ["a", [1, 3]],
      ["b", [2]],
    ],
  );
  gives(
    "reduceByKey",
    pairs.reduceByKey((a, b) => a + b),
    [
      ["a", 4],
      ["b", 2],
    ],
  );
  const lists = pairs.combineByKey(
    (n) => [n],
    (list, n) => [...list, n],
    (a, b) => [...a, ...b],
    { numPartitions: 3 },
  );
  gives(
    "combineByKey",
    lists.mapValues((list) => list.sort()),
    [
      ["a", [1, 3]],
      ["b", [2]],
    ],
  );
  const folded = pairs.aggregateByKey<number[]>(
    [],
    (list, n) => {
      list.push(n);
      return list;
    },
    (a, b) => [...a, ...b],
  );
  gives(
    "aggregateByKey",
    folded.mapValues((list) => list.sort()),
    [
      ["a", [1, 3]],
      ["b", [2]],
    ],
  );
  gives(
    "foldByKey",
    pairs.foldByKey(0, (a, b) => a + b, 2),
    [
      ["a", 4],
      ["b", 2],
    ],
  );
  gives("join", pairs.join(others), [
    ["a", [1, true]],
    ["a", [3, true]],
  ]);
  gives(
    "cogroup",
    pairs.cogroup(others).mapValues(([ns, flags]) => [ns.sort(), flags] as const),
    [
      ["a", [[1, 3], [true]]],
      ["b", [[2], []]],
      ["c", [[], [false]]],
    ],
  );
  const totals = pairs.updateStateByKey<number>((added, total = 100) => added.reduce((sum, n) => sum + n, total));
  gives("updateStateByKey", totals, [
    ["a", 104],
    ["b", 102],
  ]);
}

async function actions(ssc: StreamingContext): Promise<void> {
  const letters = ssc.parallelize(["a", "b", "b", "c"], 3);
  await checks.is("collect", letters.collect(), ["a", "b", "b", "c"]);
  await checks.is("count", letters.count(), 4);
  await checks.is("take", letters.take(2), ["a", "b"]);
  await checks.is("first", letters.first(), "a");
  await checks.is(
    "reduce",
    letters.map((letter) => letter.length).reduce((a, b) => a + b),
    4,
  );
  await checks.is(
    "countByValue",
    letters.countByValue().then((all) => new Map([...all].sort())),
    new Map([
      ["a", 1],
      ["b", 2],
      ["c", 1],
    ]),
  );
  await checks.is(
    "collectAsMap",
    letters
      .map((letter) => [letter, 1])
      .collectAsMap()
      .then(({ size }) => size),
    3,
  );
  await checks.fails("first of nothing", letters.filter(() => false).first(), /EMPTY_COLLECTION/);
  const folder = mkdtempSync(join(tmpdir(), "millrace-operations-"));
  try {
    const path = join(folder, "letters");
    await letters.saveAsTextFile(path);
    await checks.is("saveAsTextFile and textFile", ssc.textFile(path).collect(), ["a", "b", "b", "c"]);
    await checks.fails("saveAsTextFile where something is", letters.saveAsTextFile(path), /OUTPUT_EXISTS/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function shared(ssc: StreamingContext): Promise<void> {
  const names = ssc.broadcast(
    new Map([
      [1, "one"],
      [2, "two"],
    ]),
  );
  const [whole, half, seen] = [
    ssc.longAccumulator(),
    ssc.doubleAccumulator("halves"),
    ssc.collectionAccumulator<number>(),
  ];
  const numbers = ssc.parallelize([1, 2, 3], 2);
  await checks.is("broadcast", numbers.map((n) => names.value.get(n)).collect(), ["one", "two", undefined]);
  await numbers.foreach((n) => {
    whole.add(n);
    seen.add(n);
  });
  await numbers.foreachPartition(async (all) => {
    for (const n of all) half.add(n / 2);
  });
  await checks.is("longAccumulator", whole.value, 6);
  await checks.is("doubleAccumulator", half.value, 3);
  await checks.is("collectionAccumulator", [...seen.value].sort(), [1, 2, 3]);
  whole.reset();
  await checks.is("an accumulator that is reset", whole.value, 0);
  await names.destroy();
  await checks.fails(
    "a broadcast that is destroyed",
    numbers.map((n) => names.value.get(n)).count(),
    /"names" .* which is destroyed\. Make a new one/,
  );
}
