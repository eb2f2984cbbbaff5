import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import type { StreamingContext } from "../job/streaming-context.ts";
import { GraphLab } from "../lab/graph.fixture.ts";
import { HashPartitioner } from "../partition/partitioner.ts";
import { RangePartitioner } from "../partition/range-partitioner.ts";
import type { RDD } from "./rdd.ts";

/** Calls what must be refused before anything runs, as untyped code would. */
async function refused(
  call: (numbers: RDD<number>, pairs: RDD<[string, number]>, ssc: StreamingContext) => unknown,
): Promise<string> {
  let message = "it was not refused";
  const lab = await GraphLab.build((ssc) => {
    ssc.queueStream([[1]]).foreachRDD(async () => {
      try {
        await call(ssc.parallelize([1]), ssc.parallelize<[string, number]>([["a", 1]]), ssc);
      } catch (error) {
        message = (error as Error).message; // every error of the engine is one
      }
    });
  });
  await lab.batch(1000);
  expect(lab.port.plans).toEqual([]);
  return message;
}

const wrong = (value: unknown): never => value as never; // what a job without types may hand over
const sum = (a: number, b: number): number => a + b;

test("console.log identifies an RDD or a stream", async () => {
  const shown: string[] = [];
  const lab = await GraphLab.build((ssc) => {
    const stream = ssc.queueStream([[1]]).map((n) => n);
    shown.push(inspect(stream));
    stream.foreachRDD((rdd) => void shown.push(inspect({ rdd: rdd.distinct() })));
  });
  await lab.batch(1000);
  expect(shown).toEqual(["DStream (map)", "{ rdd: RDD (?) distinct }"]);
});

describe("invalid arguments of an operation are refused where it is called", () => {
  test.each<[string, Parameters<typeof refused>[0], RegExp]>([
    ["coalesce to none", (n) => n.coalesce(0), /numPartitions of coalesce is 0; .* from 1 to 4096/],
    ["coalesce to a part", (n) => n.coalesce(1.5), /coalesce is 1.5/],
    ["a share of more than all", (n) => n.sample(false, 1.5), /fraction of sample is 1.5/],
    ["a negative share", (n) => n.sample(true, -1), /fraction of sample is -1/],
    ["no share", (n) => n.sample(false, wrong(undefined)), /fraction of sample is undefined/],
    ["a key function as an order", (n) => n.takeOrdered(1, (a) => -a), /takeOrdered was given a function of one value/],
    ["and of a sort", (n) => n.sortBy((a) => a, { compare: (a) => -a }), /sortBy was given a function of one value/],
    ["a seed that is no whole number", (n) => n.sample(false, 0.5, 0.5), /seed of sample is 0.5/],
    ["no weights", (n) => n.randomSplit([]), /randomSplit takes an array of weights/],
    ["a negative weight", (n) => n.randomSplit([1, -1]), /weight of randomSplit is -1/],
    ["weights of nothing", (n) => n.randomSplit([0, 0]), /all 0/],
    ["a negative number of records", (n) => n.take(-1), /number of records to take is -1/],
    ["a negative sample", (n) => n.takeSample(false, -1), /number of records of takeSample is -1/],
    ["a tree without rounds", (n) => n.treeReduce((a) => a, 0), /depth of treeReduce is 0/],
    [
      "a tree with an option that is none",
      (n) => n.treeAggregate(0, sum, sum, wrong({ depth: 2, merge: sum })),
      /treeAggregate has no option "merge". It has depth, finalOnExecutor\./,
    ],
    [
      "a tree with two wrong options",
      (n) => n.treeAggregate(0, sum, sum, wrong({ depth: 17, finalOnExecutor: "yes" })),
      /2 arguments of treeAggregate .* depth of treeAggregate is 17; .* finalOnExecutor of treeAggregate is string/,
    ],
    [
      "a sort with a flag that is none",
      (n) => n.sortBy((v) => v, { ascending: wrong("no") }),
      /ascending of sortBy is string; it must be true or false/,
    ],
    [
      "a combination with a flag that is none",
      (_, p) => p.combineByKey((v) => v, sum, sum, { mapSideCombine: wrong(0) }),
      /mapSideCombine of combineByKey is number/,
    ],
    [
      "ranges with an option that is none",
      () => new RangePartitioner([1], wrong({ descending: true })),
      /RangePartitioner has no option "descending"/,
    ],
    [
      "an end with Spark's arguments",
      (_, __, ssc) => ssc.stop(wrong(true)),
      /the options of stop are boolean; they must be an object with graceful/,
    ],
    ["an end that is half graceful", (_, __, ssc) => ssc.stop({ graceful: wrong(1) }), /graceful of stop is number/],
    ["no buckets", (n) => n.histogram(0), /number of buckets of histogram is 0/],
    ["one end", (n) => n.histogram([1]), /two ends/],
    ["ends that do not ascend", (n) => n.histogram([1, 3, 3]), /must ascend, and 3 follows 3/],
    ["an end that is no number", (n) => n.histogram([1, Number.NaN]), /end of a bucket of histogram is NaN/],
    ["a precision of nothing", (n) => n.countApproxDistinct(0), /BAD_PRECISION/],
    ["a precision that is none", (n) => n.countApproxDistinct(wrong("high")), /precision of distinct values is string/],
    [
      "a zero that is no value",
      (n) =>
        n.fold(
          wrong(() => 1),
          (a) => a,
        ),
      /RECORD_NOT_ENCODABLE/,
    ],
    [
      "a zero that is no value of a key",
      (_, p) =>
        p.aggregateByKey(
          wrong(Symbol("x")),
          (a) => a,
          (a) => a,
        ),
      /RECORD_NOT_ENC/,
    ],
    [
      "no RDD",
      (n) => n.intersection(wrong([1])),
      /intersection takes RDDs, and was given an array\. Give it the RDDs one by one/,
    ],
    ["no RDD among several", (_, p) => p.cogroup(p, wrong(7), p), /cogroup takes RDDs, and was given number/],
    ["no RDDs", (n) => n.zipPartitions([], (a) => a), /number of RDDs given to zipPartitions is 0/],
    ["no fractions", (_, p) => p.sampleByKey(false, wrong(0.5)), /takes a Map from keys to fractions/],
    ["a fraction that is none", (_, p) => p.sampleByKey(false, [["a", 2]]), /a fraction of sampleByKey is 2/],
    [
      "pairs that are none",
      (_, p) => p.sampleByKeyExact(false, wrong([null])),
      /a fraction of sampleByKeyExact is undef/,
    ],
    ["a key that is none", (_, p) => p.lookup(wrong(() => 1)), /KEY_NOT_COMPARABLE/],
    [
      "a partitioner without partitions",
      (_, p) => p.partitionBy(wrong({ getPartition: () => 0 })),
      /of the partitioner of partitionBy is undefined/,
    ],
    [
      "a partitioner without a function",
      (_, p) => p.partitionBy({ partitioner: wrong({ numPartitions: 2 }) }),
      /has no function getPartition/,
    ],
    [
      "a placement that is none",
      (_, p) => p.partitionBy(wrong("hash")),
      /takes a number of partitions, a partitioner or options, not string/,
    ],
    ["a sort to nothing", (n) => n.sortBy((v) => v, { numPartitions: 0 }), /numPartitions of sortBy is 0/],
    ["a sort without a key", (n) => n.sortBy(wrong("size")), /sortBy takes a function, and was given string/],
    [
      "an order that is none",
      (_, p) => p.sortByKey({ compare: wrong("up") }),
      /compare function of sortByKey takes a func/,
    ],
    [
      "a placement without partitions",
      (_, p) => p.repartitionAndSortWithinPartitions({}),
      /number of partitions or a par/,
    ],
    ["fewer than no records", (n) => n.top(-1), /number of records of top is -1/],
    ["a part of a record", (n) => n.takeOrdered(1.5), /number of records of takeOrdered is 1.5/],
    ["an order of records that is none", (n) => n.max(wrong(3)), /max takes a function, and was given number/],
    ["bounds that do not ascend", () => new RangePartitioner([1, 3, 3]), /bounds of a RangePartitioner must ascend/],
    ["bounds without an order", () => new RangePartitioner([{}]), /VALUE_NOT_ORDERED/],
    ["ranges of nothing", (_, p) => RangePartitioner.of(p, 0), /numPartitions of RangePartitioner is 0/],
    [
      "a codec that is none",
      (n) => n.saveAsTextFile("/out", { codec: wrong("zip") }),
      /codec of saveAsTextFile is "zip"/,
    ],
    ["no command", (n) => n.pipe("  "), /pipe takes a command/],
    ["a command that is none", (n) => n.pipe(wrong(["ls", 7])), /pipe takes a command/],
    [
      "an environment that is none",
      (n) => n.pipe("ls", { env: { N: wrong(7) } }),
      /variable N of the environment of pipe/,
    ],
    [
      "no function for records",
      (n) => n.pipe("ls", { printRecord: wrong("x") }),
      /printRecord of pipe takes a function/,
    ],
    ["a name that is none", (n) => n.setName(wrong(7)), /name of an RDD is a string, not number/],
    [
      "records without a length",
      (_, __, ssc) => ssc.binaryRecords("/in", 0),
      /length of records of binaryRecords is 0/,
    ],
    ["no path", (_, __, ssc) => ssc.objectFile(""), /path given to objectFile is empty/],
    ["a range of parts", (_, __, ssc) => ssc.range(0.5), /range takes whole numbers .* given 0, 0.5 and a step of 1/],
    ["a range that stands still", (_, __, ssc) => ssc.range(1, 2, 0), /step that is not 0/],
    [
      "a partition that is not there",
      (n, _, ssc) => ssc.runJob(n, (all) => [...all], [0, 9]),
      /partition of runJob is 9/,
    ],
    ["a job on no RDD", (_, __, ssc) => ssc.runJob(wrong([1]), () => 1), /runJob takes RDDs, and was given an array/],
    ["a hash over nothing", () => new HashPartitioner(0), /numPartitions of HashPartitioner is 0/],
  ])("%s", async (_, call, message) => {
    expect(await refused(call)).toMatch(message);
  });
});

describe("options that an operation does not have are refused by name", () => {
  test.each<[string, RegExp, Parameters<typeof refused>[0]]>([
    [
      "a shuffle's",
      /groupByKey has no option "partitions"\. It has numPartitions, partitioner/,
      (_, pairs) => pairs.groupByKey(wrong({ partitions: 3 })),
    ],
    ["distinct's", /distinct has no option "n"/, (numbers) => numbers.distinct(wrong({ n: 1 }))],
    [
      "combineByKey's",
      /combineByKey has no option "mapside"\. It has numPartitions, partitioner, mapSideCombine/,
      (_, pairs) =>
        pairs.combineByKey(
          (n) => n,
          (a, b) => a + b,
          (a, b) => a + b,
          wrong({ mapside: false }),
        ),
    ],
    ["a sort's", /sortByKey has no option "descending"/, (_, pairs) => pairs.sortByKey(wrong({ descending: true }))],
    [
      "pipe's",
      /pipe has no option "cwd"\. It has env, printContext/,
      (numbers) => numbers.pipe("cat", wrong({ cwd: "/" })),
    ],
  ])("%s", async (_, message, call) => {
    const error = await refused(call);
    expect(error).toMatch(/^\[BAD_ARGUMENT\]/);
    expect(error).toMatch(message);
  });

  test("options that it has are taken, a partitioner's properties are its own", async () => {
    const lab = await GraphLab.build((ssc) => {
      ssc.queueStream([[1]]).foreachRDD(async (rdd) => {
        const pairs = rdd.map<[number, number]>((n) => [n, n]);
        const named = { numPartitions: 2, getPartition: () => 0, name: "mine" };
        pairs.groupByKey({ numPartitions: 2 });
        pairs.groupByKey({ partitioner: named });
        pairs.groupByKey(named);
      });
    });
    expect((await lab.batch(1000)).error).toBeUndefined();
  });
});
