import { describe, expectTypeOf, test } from "vitest";
import { type Partitioner, RangePartitioner, type RDD, type StatCounter, type StreamingContext } from "../index.ts";

// Nothing here runs: the bodies are checked by the compiler.
declare const ssc: StreamingContext;
declare const words: RDD<string>;
declare const numbers: RDD<number>;
declare const pairs: RDD<[string, number]>;
declare const flags: RDD<[string, boolean]>;
declare const byLength: Partitioner<string>;

/** Takes a body that is type-checked and never called. */
function typed(_body: () => unknown): void {}

describe("operations of RDDs", () => {
  test("on any records give the documented shapes", () => {
    typed(() => {
      expectTypeOf(words.filterMap((w) => (w === "" ? undefined : w.length))).toEqualTypeOf<RDD<number>>();
      expectTypeOf(words.filterMap((w) => (w === "" ? undefined : [w, 1]))).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(words.intersection(words)).toEqualTypeOf<RDD<string>>();
      expectTypeOf(words.subtract(words, 3)).toEqualTypeOf<RDD<string>>();
      expectTypeOf(words.cartesian(numbers)).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(words.zip(numbers)).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(words.zipWithIndex()).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(words.sortBy((w) => w.length, { compare: (a, b) => b - a })).toEqualTypeOf<RDD<string>>();
      // @ts-expect-error the keys are numbers
      words.sortBy((w) => w.length, { compare: (a: string, b: string) => a.length - b.length });
      expectTypeOf(words.randomSplit([1, 2])).toEqualTypeOf<RDD<string>[]>();
      expectTypeOf(
        words.zipPartitions([numbers, flags], (ws, ns, fs) => {
          expectTypeOf(ws).toEqualTypeOf<Iterable<string>>();
          expectTypeOf(ns).toEqualTypeOf<Iterable<number>>();
          expectTypeOf(fs).toEqualTypeOf<Iterable<[string, boolean]>>();
          return [1];
        }),
      ).toEqualTypeOf<RDD<number>>();
      // @ts-expect-error other records
      words.intersection(numbers);
      // @ts-expect-error an array of RDDs
      words.zipPartitions(numbers, () => []);
    });
  });

  test("from files and commands have their types", () => {
    typed(async () => {
      expectTypeOf(ssc.wholeTextFiles("d").values()).toEqualTypeOf<RDD<string>>();
      expectTypeOf(ssc.binaryFiles("d").values()).toEqualTypeOf<RDD<Uint8Array>>();
      expectTypeOf(ssc.binaryRecords("d", 8)).toEqualTypeOf<RDD<Uint8Array>>();
      expectTypeOf(ssc.objectFile<[string, number]>("d").keys()).toEqualTypeOf<RDD<string>>();
      expectTypeOf(ssc.makeRDD([["a", 1]])).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(numbers.pipe("sort", { printRecord: (n, print) => print(String(n * 2)) })).toEqualTypeOf<
        RDD<string>
      >();
      expectTypeOf(await ssc.runJob(words, async (all) => [...all].length, [0])).toEqualTypeOf<number[]>();
      // @ts-expect-error no codec
      words.saveAsTextFile("out", { codec: "zip" });
    });
  });

  test("on pairs keep keys and give the documented shapes", () => {
    typed(() => {
      expectTypeOf(
        pairs.aggregateByKey(
          new Set<number>(),
          (set, n) => set.add(n),
          (a, b) => new Set([...a, ...b]),
        ),
      ).toEqualTypeOf<RDD<[string, Set<number>]>>();
      expectTypeOf(pairs.foldByKey(0, (a, b) => a + b)).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(pairs.subtractByKey(flags)).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(pairs.cogroup(flags, pairs)).toEqualTypeOf<RDD<[string, [number[], boolean[], number[]]]>>();
      expectTypeOf(pairs.cogroup(flags, pairs, flags, 2)).toEqualTypeOf<
        RDD<[string, [number[], boolean[], number[], boolean[]]]>
      >();
      expectTypeOf(pairs.groupWith(flags)).toEqualTypeOf<RDD<[string, [number[], boolean[]]]>>();
      expectTypeOf(pairs.sampleByKey(false, new Map([["a", 0.1]]))).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(pairs.countApproxDistinctByKey()).toEqualTypeOf<RDD<[string, number]>>();
      pairs.partitionBy(byLength);
      pairs.reduceByKey(Math.max, { partitioner: byLength });
      expectTypeOf(pairs.sortByKey(false)).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(pairs.filterByRange("a", "b")).toEqualTypeOf<RDD<[string, number]>>();
      pairs.repartitionAndSortWithinPartitions(byLength, { compare: (a, b) => a.length - b.length });
      // @ts-expect-error keys are strings
      pairs.filterByRange(1, 2);
      // @ts-expect-error no pairs
      words.sortByKey();
      // @ts-expect-error keys are strings
      pairs.sampleByKey(false, new Map([[1, 0.1]]));
      // @ts-expect-error a partitioner of other keys
      numbers.keyBy((n) => n).partitionBy(byLength);
      // @ts-expect-error no pairs
      words.aggregateByKey(0, (n) => n, Math.max);
      // @ts-expect-error no pairs
      words.lookup("a");
      // @ts-expect-error the total and the values are numbers
      pairs.foldByKey("", (a, b) => a + b);
    });
  });

  test("that are actions promise the documented results", () => {
    typed(async () => {
      expectTypeOf(await words.aggregate(0, (n, w) => n + w.length, Math.max)).toEqualTypeOf<number>();
      expectTypeOf(
        await words.treeAggregate(0, (n, w) => n + w.length, Math.max, { depth: 3 }),
      ).toEqualTypeOf<number>();
      expectTypeOf(await words.top(3)).toEqualTypeOf<string[]>();
      expectTypeOf(await words.max((a, b) => a.length - b.length)).toEqualTypeOf<string>();
      expectTypeOf(await RangePartitioner.of(pairs, 3)).toEqualTypeOf<RangePartitioner<string>>();
      expectTypeOf(await numbers.fold(0, (a, b) => a + b)).toEqualTypeOf<number>();
      expectTypeOf(await words.takeSample(false, 3)).toEqualTypeOf<string[]>();
      expectTypeOf(words.toLocalIterator()).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();
      expectTypeOf(await pairs.reduceByKeyLocally(Math.max)).toEqualTypeOf<Map<string, number>>();
      expectTypeOf(await numbers.stats()).toEqualTypeOf<StatCounter>();
      expectTypeOf(await numbers.histogram(3)).toEqualTypeOf<[ends: number[], counts: number[]]>();
      expectTypeOf(await numbers.histogram([1, 2])).toEqualTypeOf<number[]>();
      // @ts-expect-error no numbers
      words.sum();
      // @ts-expect-error no numbers
      pairs.histogram(3);
    });
  });
});
