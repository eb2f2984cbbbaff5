// Data that outlives a batch: RDDs created in build, persisted and joined in every batch, and variables shared with
// executors; and batches of more than a few records.
import { TaskContext } from "millrace";
import { action, type Case, inOrder, kv, observation, operation } from "./case.ts";
import { refusal } from "./rdds.ts";

const add = (a: number, b: number): number => a + b;
const MANY = 20_000;

export const staticData: readonly Case[] = [
  operation({
    id: "RD-12",
    title: "an RDD of build is joined in each batch, and computed once when it is kept",
    batches: [[kv("a", 1)], [kv("b", 2)], [kv("z", 3)]],
    build: (pairs, ssc) => {
      const runs = ssc.longAccumulator();
      const names = ssc
        .parallelize([kv("a", "Anna"), kv("b", "Ben")], 1)
        .map((pair) => {
          runs.add(1);
          return pair;
        })
        .partitionBy(3)
        .cache();
      return pairs.transform(async (rdd) => {
        const joined = await rdd.leftOuterJoin(names, 3).values().collect();
        return ssc.parallelize([...joined.map(([n, name]) => `${n} ${name}`), `computed ${runs.value}`]);
      });
    },
    expected: [
      ["1 Anna", "computed 2"],
      ["2 Ben", "computed 2"],
      ["3 undefined", "computed 2"],
    ],
  }),
  operation({
    id: "IN-7",
    title: "queueStream may have the same RDD in several batches",
    batches: [],
    build: (_, ssc) => {
      const again = ssc.parallelize([1, 2, 3], 2);
      return ssc
        .queueStream([again, again.map((n) => -n), again])
        .window(300)
        .reduceByWindow(add, 100);
    },
    order: "exactly",
    expected: [[6], [0], [6], [0], [6]],
  }),
  observation({
    id: "Accumulators",
    title: "accumulators add up over batches, and can be reset on the driver",
    order: "exactly",
    expected: [
      [3, 1.5, ["a", "b"]],
      [4, 0.5, ["a", "b", "c"]],
    ],
    declare: (ssc, report) => {
      const [count, share] = [ssc.longAccumulator("count"), ssc.doubleAccumulator()];
      const seen = ssc.collectionAccumulator<string>();
      ssc.queueStream([["a", "b", "b"], ["c"]]).foreachRDD(async (rdd, time) => {
        share.reset();
        await rdd.foreach((letter) => {
          count.add(1);
          share.add(0.5);
          seen.add(letter);
        });
        report(time, [count.value, share.value, [...new Set(seen.value)].sort()]);
      });
    },
  }),
  observation({
    id: "Accumulators",
    title: "an accumulator of one's own merges what tasks have added",
    expected: [["longest bbb, of 3"], ["longest cccc, of 4"]],
    declare: (ssc, report) => {
      const longest = ssc.accumulator<string, [longest: string, count: number], string>({
        zero: () => ["", 0],
        add: ([most, count], word) => [word.length > most.length ? word : most, count + 1],
        merge: ([one, a], [other, b]) => [one.length > other.length ? one : other, a + b],
        value: ([most, count]) => `longest ${most}, of ${count}`,
      });
      ssc.queueStream([["a", "bbb", "cc"], ["cccc"]]).foreachRDD(async (rdd, time) => {
        await rdd.foreach((word) => longest.add(word));
        report(time, [longest.value]);
      });
    },
  }),
  action({
    id: "RT-5",
    title: "a task that fails is tried again, and what its failed attempt added counts not",
    batches: [[1, 2, 3, 4]],
    partitions: 2,
    act: async (rdd, ssc) => {
      const runs = ssc.longAccumulator();
      const numbers = await rdd
        .map((n) => {
          runs.add(1);
          if (n === 4 && TaskContext.get().attemptNumber === 0) throw new Error("the first attempt fails");
          return n * 10;
        })
        .collect();
      return [...numbers, runs.value];
    },
    order: "exactly",
    expected: [[10, 20, 30, 40, 4]],
  }),
  action({
    id: "Broadcast",
    title: "a broadcast value is read in every batch and after unpersist, and not after destroy",
    batches: [[1], [2]],
    act: async (rdd, ssc) => {
      const tens = ssc.broadcast({ factor: 10 });
      const times = rdd.map((n) => n * tens.value.factor);
      const before = await times.collect();
      tens.unpersist();
      const after = await times.collect();
      tens.destroy();
      return [...before, ...after, (await refusal(times.collect())) !== "none"];
    },
    order: "exactly",
    expected: [
      [10, 10, true],
      [20, 20, true],
    ],
  }),
  action({
    id: "PR-1",
    title: "many keys in few partitions, and few keys in many",
    batches: [Array.from({ length: MANY }, (_, i) => i)],
    partitions: 3,
    act: async (rdd) => [
      await rdd
        .map((n) => kv(`key ${n % 7919}`, n))
        .reduceByKey(add, 2)
        .values()
        .sum(),
      await rdd
        .map((n) => kv(n % 3, n))
        .groupByKey(50)
        .mapValues((all) => all.length)
        .sortByKey()
        .collect(),
      await rdd
        .map((n) => n % 1000)
        .distinct(9)
        .count(),
      (await rdd.sortBy((n) => (n * 7919) % MANY, { numPartitions: 4 }).take(2)).length,
    ],
    order: "exactly",
    expected: [[(MANY * (MANY - 1)) / 2, [kv(0, 6667), kv(1, 6667), kv(2, 6666)], 1000, 2]],
  }),
  action({
    id: "RD-8",
    title: "many records sorted over several partitions are in order, none lost",
    batches: [Array.from({ length: MANY }, (_, i) => (i * 7919) % MANY)],
    partitions: 5,
    act: async (rdd) => {
      const sorted = await rdd.sortBy((n) => n).collect();
      const partitions = await rdd.sortBy((n) => n, { numPartitions: 3 }).getNumPartitions();
      return [sorted.length, sorted.every((n, i) => n === i), partitions];
    },
    order: "exactly",
    expected: [[MANY, true, 3]],
  }),
  action({
    id: "RD-6",
    title: "operations with an RDD that has no partitions",
    batches: [[kv("a", 1)]],
    act: async (rdd, ssc) => {
      const none = ssc.emptyRDD<[string, number]>();
      return [
        await rdd.cartesian(none).collect(),
        await rdd.join(none).collect(),
        await rdd.leftOuterJoin(none).collect(),
        await none.fullOuterJoin(rdd).collect(),
        await rdd.subtractByKey(none).collect(),
        await none.subtract(rdd).collect(),
        await rdd.intersection(none).collect(),
        await none.union(none).getNumPartitions(),
        await ssc.unionRDD(none, rdd, rdd).collect(),
        await none.sortByKey().collect(),
        await none.reduceByKey(add).collect(),
        await none.repartition(2).glom().collect(),
        await none.zipWithIndex().collect(),
        inOrder(await none.union(rdd).distinct().collect()),
      ];
    },
    order: "exactly",
    expected: [
      [
        [],
        [],
        [kv("a", kv(1, undefined))],
        [kv("a", kv(undefined, 1))],
        [kv("a", 1)],
        [],
        [],
        0,
        [kv("a", 1), kv("a", 1)],
        [],
        [],
        [[], []],
        [],
        [kv("a", 1)],
      ],
    ],
  }),
];
