import { type DStream, defineJob, RangePartitioner, type RDD, type StreamingContext } from "@millrace/api";
import { testJob } from "millrace/testing";
import { expect, test } from "vitest";

// Mistakes in a job written without types, reported as early as they can be detected: when the graph is built, or when the
// batch meets them. The message names the operator.

/** A job without types: the compiler refuses nothing. */
type Untyped = (ssc: StreamingContext, ones: DStream<never>) => unknown;

async function failureOf(build: Untyped, batch: readonly unknown[] = [1]): Promise<string> {
  const job = defineJob({ name: "bad", batchInterval: "1s" }, (ssc) => {
    build(ssc, ssc.queueStream([batch]) as DStream<never>); // see Untyped
  });
  try {
    const running = await testJob(job);
    try {
      await running.advance("1s");
    } finally {
      await running.stop();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "nothing";
}

const untyped = <T>(value: unknown): T => value as T; // what JavaScript lets pass

test.each<readonly [string, Untyped, RegExp]>([
  [
    "a window that is no multiple",
    (_, s) => s.window("1500ms").print(),
    /\[BAD_WINDOW\] the length of window over \S+ is 1\.5 s/,
  ],
  [
    "a window of no length",
    (_, s) => s.window(0).print(),
    /\[BAD_DURATION\] the length of window over \S+ is 0, which is not/,
  ],
  [
    "a negative slide",
    (_, s) => s.countByWindow("2s", -1000).print(),
    /\[BAD_DURATION\] the slide of countByWindow over \S+ is -1000/,
  ],
  [
    "a level that is none",
    (_, s) => s.persist(untyped("DISK_ONLY")).print(),
    /\[BAD_ARGUMENT\] persist takes a storage level: /,
  ],
  ["no partitions", (_, s) => s.repartition(0).print(), /\[BAD_ARGUMENT\] numPartitions of repartition is 0/],
  ["a negative number to print", (_, s) => s.print(-1), /\[BAD_ARGUMENT\] the number of records to print is -1/],
  [
    "something else than a function",
    (_, s) => s.map(untyped("x")).print(),
    /\[FUNCTION_NOT_SHIPPABLE\] map takes a function/,
  ],
  [
    "something else than a stream",
    (_, s) => s.union(untyped<DStream<never>>(3)).print(),
    /\[BAD_ARGUMENT\] union takes streams, and was given number/,
  ],
  [
    "nothing",
    (ssc) => ssc.union(untyped<DStream<never>>(null)).print(),
    /\[BAD_ARGUMENT\] union takes streams, and was given null/,
  ],
  [
    "an array of streams",
    (ssc, s) => ssc.union(untyped<DStream<never>>([s])).print(),
    /given an array\. Give it the streams one by one/,
  ],
  [
    "an RDD",
    (ssc, s) => s.union(untyped<DStream<never>>(ssc.range(3))).print(),
    /given an RDD\. Combine it .* in transform\./,
  ],
])("the graph is refused: %s", async (_, build, message) => {
  expect(await failureOf(build)).toMatch(message);
});

test("the graph is refused: a stream of another job", async () => {
  let other: DStream<number> | undefined;
  const first = await testJob(
    defineJob({ name: "other", batchInterval: "1s" }, (ssc) => {
      other = ssc.queueStream([[1]]);
      other.print();
    }),
  );
  expect(await failureOf((_, s) => s.union(untyped<DStream<never>>(other)).print())).toMatch(/\[OTHER_CONTEXT\] union/);
  await first.stop();
});

test.each<readonly [string, Untyped, RegExp]>([
  ["an operation on a stream", (_, s) => s.foreachRDD(() => s.map((x) => x)), /\[GRAPH_CLOSED\] map was called after/],
  [
    "a stream for an RDD",
    (_, s) => s.foreachRDD((r) => r.union(untyped<RDD<never>>(s))),
    /given a stream\. Let transformWith/,
  ],
  ["a source", (ssc, s) => s.foreachRDD(() => ssc.queueStream([[1]])), /\[GRAPH_CLOSED\] queueStream was called after/],
  ["first of nothing", (_, s) => s.foreachRDD((r) => r.filter(() => false).first()), /\[EMPTY_COLLECTION\] first\(\)/],
  [
    "reduce of nothing",
    (_, s) => s.foreachRDD((r) => r.filter(() => false).reduce((a) => a)),
    /\[EMPTY_COLLECTION\] reduce\(\)/,
  ],
  [
    "a negative number to take",
    (_, s) => s.foreachRDD((r) => r.take(-1)),
    /\[BAD_ARGUMENT\] the number of records to take/,
  ],
  [
    "a level that is none",
    (_, s) => s.foreachRDD((r) => r.persist(untyped(3))),
    /\[BAD_ARGUMENT\] persist takes a storage/,
  ],
])("the batch is refused: %s in its body", async (_, build, message) => {
  expect(await failureOf(build)).toMatch(message);
});

const first = (a: unknown): unknown => a;
type Pairs = RDD<[unknown, unknown]>;

test.each<readonly [string, (rdd: Pairs) => unknown]>([
  ["collectAsMap", (rdd) => rdd.collectAsMap()],
  ["filterByRange", (rdd) => rdd.filterByRange("a", "b").collect()],
  ["lookup", (rdd) => rdd.lookup("a")],
  ["RangePartitioner", (rdd) => RangePartitioner.of(rdd, 2)],
  ["reduceByKeyLocally", (rdd) => rdd.reduceByKeyLocally(first)],
  ["repartitionAndSortWithinPartitions", (rdd) => rdd.repartitionAndSortWithinPartitions(2).collect()],
  ["sampleByKey", (rdd) => rdd.sampleByKey(false, new Map([["a", 1]])).collect()],
  ["sampleByKeyExact", (rdd) => rdd.sampleByKeyExact(false, new Map([["a", 1]])).collect()],
  ["sortByKey", (rdd) => rdd.sortByKey().collect()],
])("the record is refused: what is no pair, by %s of an RDD", async (operator, action) => {
  // Two characters take apart like a pair.
  const build: Untyped = (_, s) => s.foreachRDD(async (rdd) => void (await action(untyped(rdd.map(() => "ab")))));
  expect(await failureOf(build)).toContain(`[RECORD_NOT_PAIR] ${operator}: it was given 'ab', which is not a pair.`);
});

test.each<readonly [string, (s: DStream<[unknown, unknown]>) => DStream<unknown>, unknown, RegExp]>([
  [
    "a function as key",
    (s) => s.reduceByKey(first),
    [() => 1, 1],
    /_NOT_(COMPARABLE|ENCODABLE)\] queueStream|reduceByKey/,
  ],
  ["a Map as key", (s) => s.groupByKey(), [new Map(), 1], /\[KEY_NOT_COMPARABLE\] groupByKey: A key is a Map/],
  ["a Map as key of a join", (s) => s.join(s), [new Map(), 1], /\[KEY_NOT_COMPARABLE\] join: A key is a Map/],
  [
    "a Map as key of state",
    (s) => s.updateStateByKey(() => 1),
    [new Map(), 1],
    /\[KEY_NOT_COMPARABLE\] updateStateByKey/,
  ],
  [
    "a Map as key of a window",
    (s) => s.groupByKeyAndWindow("2s"),
    [new Map(), 1],
    /\] groupByKeyAndWindow: A key is a Map/,
  ],
  ["a number for a pair", (s) => s.reduceByKey(first), 1, /\[RECORD_NOT_PAIR\] reduceByKey: it was given 1/],
  [
    "an object for a pair",
    (s) => s.mapValues(first),
    { a: 1 },
    /\[RECORD_NOT_PAIR\] mapValues: it was given \{ a: 1 \}/,
  ],
  ["three for two", (s) => s.groupByKey(), [1, 2, 3], /\[RECORD_NOT_PAIR\] groupByKey: it was given \[ 1, 2, 3 \]/],
])("the record is refused: %s", async (_, operation, record, message) => {
  const build: Untyped = (_ssc, s) => operation(untyped(s.map(() => untyped(record)))).print();
  expect(await failureOf(build)).toMatch(message);
});

test.each<readonly [string, string, (ssc: StreamingContext, maps: Pairs) => unknown]>([
  ["KEY_NOT_COMPARABLE", "collectAsMap", (_, maps) => maps.collectAsMap()],
  ["KEY_NOT_COMPARABLE", "countByKey", (_, maps) => maps.countByKey()],
  ["KEY_NOT_COMPARABLE", "groupBy", (_, maps) => maps.groupBy(([key]) => key).count()],
  ["KEY_NOT_COMPARABLE", "lookup", (_, maps) => maps.lookup(new Map())],
  ["KEY_NOT_COMPARABLE", "sampleByKey", (_, maps) => maps.sampleByKey(false, [[new Map(), 1]])],
  ["VALUE_NOT_ORDERED", "max", (_, maps) => maps.max()],
  ["VALUE_NOT_ORDERED", "sortBy", (_, maps) => maps.sortBy(([key]) => key).count()],
  ["RECORD_NOT_ENCODABLE", "parallelize", (ssc) => ssc.parallelize([() => 1]).count()],
  [
    "RECORD_NOT_ENCODABLE",
    "fold",
    (_, maps) =>
      maps.fold(
        untyped(() => 1),
        untyped(first),
      ),
  ],
  ["RECORD_NOT_ENCODABLE", "aggregateByKey", (_, maps) => maps.aggregateByKey(() => 1, untyped(first), untyped(first))],
])(
  "a key or value that cannot be one is refused, on the driver as on executors: %s by the name of %s",
  async (code, operator, action) => {
    const build: Untyped = (ssc, s) =>
      s.foreachRDD(
        async (rdd) =>
          void (await action(
            ssc,
            rdd.map(() => [new Map(), 1] as [unknown, unknown]),
          )),
      );
    expect(await failureOf(build, [1, 2])).toMatch(new RegExp(`\\[${code}\\] ${operator}: `));
  },
);

test("the record is refused: one that leads back to itself", async () => {
  const cyclic = (): unknown => {
    const node: { self?: unknown } = {};
    node.self = node;
    return node;
  };
  expect(await failureOf((_, s) => s.map(cyclic).print())).toMatch(
    /\[RECORD_NOT_ENCODABLE\] map: .*record\.self refers back/,
  );
});

test("the record is refused: one that no process may have, by the name of what gave it", async () => {
  const refusal = /\[RECORD_NOT_ENCODABLE\] (\w+): A record cannot cross processes/;
  const operatorOf = async (operation: (s: DStream<number>) => DStream<unknown>) =>
    refusal.exec(await failureOf((_, s) => operation(s).print(), [1, 2, 3]))?.[1];
  const later = untyped<() => never>(async () => 1);
  expect(await operatorOf((s) => s.map((x) => ["all", x]).reduceByKey(later))).toBe("reduceByKey");
  expect(await operatorOf((s) => s.mapPartitions(() => [() => 1]))).toBe("mapPartitions");
  expect(await operatorOf((s) => s.map(() => () => 1).glom())).toBe("glom");
});

test("the record is refused: a partition that is not there", async () => {
  const build: Untyped = (_, s) =>
    s
      .map((x) => [x, 1])
      .partitionBy({ numPartitions: 2, getPartition: () => 7 })
      .print();
  expect(await failureOf(build)).toMatch(/\[BAD_PARTITION\] partitionBy: the partitioner returned 7 for the key 1/);
});
