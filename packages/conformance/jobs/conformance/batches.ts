// Operations on whole batches, including unions, slices, persistence and queues: DS-8 … DS-14, DS-23, DS-24, SC-19, IN-7.
import { action, type Case, kv, observation, operation, operationOnTwo } from "./case.ts";

export const batches: readonly Case[] = [
  operation({
    id: "DS-8",
    title: "reduce gives one record, and nothing for an empty batch",
    batches: [[1, 2, 3, 4], [], [7]],
    build: (numbers) => numbers.reduce((a, b) => a + b),
    order: "exactly",
    expected: [[10], [], [7], []],
  }),
  operation({
    id: "DS-8",
    title: "reduce gives nothing for a batch of empty partitions",
    batches: [[], [5]],
    partitions: 3,
    build: (numbers) => numbers.reduce(Math.max),
    order: "exactly",
    expected: [[], [5], []],
  }),
  operation({
    id: "DS-9",
    title: "count gives 0 for an empty batch, as Scala's does and Python's does not",
    batches: [["a", "b", "b"], [], ["c"]],
    build: (words) => words.count(),
    order: "exactly",
    expected: [[3], [0], [1], [0]],
  }),
  operation({
    id: "DS-9",
    title: "count is one record also of many partitions, of empty ones, and of what a filter left",
    batches: [[1, 2], [], [3, 4, 5]],
    partitions: 7,
    build: (numbers) => numbers.filter((n) => n !== 1).count(),
    order: "exactly",
    expected: [[1], [0], [3]],
  }),
  operation({
    id: "DS-10",
    title: "countByValue counts equal values",
    batches: [["a", "b", "a"], [], ["b"]],
    build: (words) => words.countByValue(),
    expected: [[kv("a", 2), kv("b", 1)], [], [kv("b", 1)]],
  }),
  operation({
    id: "DS-10",
    title: "countByValue has the default parallelism, or as many partitions as it is told",
    batches: [["a"]],
    partitions: 7,
    build: (words, ssc) =>
      ssc.transform([words.countByValue(), words.countByValue(5)], async ([usual, five]) =>
        ssc.parallelize([(await usual.getNumPartitions()) - ssc.defaultParallelism, await five.getNumPartitions()]),
      ),
    order: "exactly",
    expected: [[0, 5]],
  }),
  operation({
    id: "DS-12",
    title: "transform runs on the driver in each batch, empty ones too, and may look at variables that change",
    batches: [[10, 20], [], [30]],
    build: (numbers) => {
      let calls = 0;
      return numbers.transform((rdd) => {
        calls += 1;
        const added = calls;
        return rdd.map((n) => n + added);
      });
    },
    order: "exactly",
    expected: [[11, 21], [], [33]],
  }),
  operation({
    id: "DS-12",
    title: "transform is given the batch's time, the same as other functions of that batch",
    batches: [["a"], ["b"]],
    build: (words, ssc) => {
      let first: number | undefined;
      return words.transform((rdd, time) => {
        first ??= time;
        const batch = (time - first) / ssc.batchInterval;
        return rdd.map((word) => `${word}${batch}`);
      });
    },
    expected: [["a0"], ["b1"]],
  }),
  operation({
    id: "DS-12",
    title: "transform joins static data, uses actions, and changes the number of partitions",
    batches: [[kv("a", 1), kv("b", 2)], [], [kv("c", 3)]],
    build: (pairs, ssc) => {
      const names = ssc.parallelize([kv("a", "Anna"), kv("c", "Carl")], 2);
      return pairs.transform(async (rdd) => {
        const size = await rdd.count();
        return rdd.join(names, 3).map(([, [n, name]]) => `${name} ${n} of ${size}`);
      });
    },
    expected: [["Anna 1 of 2"], [], ["Carl 3 of 1"]],
  }),
  operation({
    id: "DS-12",
    title: "transform may give an RDD that has nothing to do with the stream's",
    batches: [["ignored"], []],
    build: (words, ssc) => words.transform(() => ssc.range(2)),
    order: "exactly",
    expected: [
      [0, 1],
      [0, 1],
    ],
  }),
  operationOnTwo({
    id: "DS-13",
    title: "transformWith is given the RDDs of both streams in the same batch",
    batches: [[1, 2, 3], [4], []],
    others: [[2], [], [9]],
    build: (left, right) => left.transformWith(right, (a, b) => a.subtract(b).union(b.map((n) => -n))),
    expected: [[1, 3, -2], [4], [-9]],
  }),
  operationOnTwo({
    id: "SC-19",
    title: "ssc.transform takes any number of streams",
    batches: [["a"], []],
    others: [[1, 2], [3]],
    build: (words, numbers, ssc) => ssc.transform([words, numbers, words], ([a, b, c]) => a.cartesian(b).cartesian(c)),
    expected: [[kv(kv("a", 1), "a"), kv(kv("a", 2), "a")], []],
  }),
  observation({
    id: "DS-14",
    title: "foreachRDD is called for empty batches too, and DS-27: outputs run in the order of their registration",
    order: "exactly",
    expected: [
      ["first 1", "second 2", "third 0"],
      ["first 0", "second 1", "third 0"],
      ["first 0", "second 0", "third 0"],
    ],
    declare: (ssc, report) => {
      const done: string[] = [];
      const one = ssc.queueStream([[1], []]);
      const two = ssc.queueStream([[1, 2], [3]]);
      one.foreachRDD(async (rdd) => done.push(`first ${await rdd.count()}`));
      two.foreachRDD(async (rdd) => {
        await rdd.count();
        done.push(`second ${await rdd.count()}`); // longer than the others take
      });
      one.filter(() => false).foreachRDD(async (rdd) => done.push(`third ${await rdd.count()}`));
      two.foreachRDD((_, time) => report(time, done.splice(0)));
    },
  }),
  observation({
    id: "DS-14",
    title: "foreachRDD that asks for nothing has nothing run",
    expected: [[0], [0]],
    declare: (ssc, report) => {
      const runs = ssc.longAccumulator();
      ssc
        .queueStream([[1, 2]])
        .map((n) => {
          runs.add(1);
          return n;
        })
        .foreachRDD((_, time) => report(time, [runs.value]));
    },
  }),
  observation({
    id: "DS-24",
    title: "persist has a stream of two outputs computed once",
    expected: [[3], [5], [5]],
    declare: (ssc, report) => {
      const runs = ssc.longAccumulator();
      const counted = ssc
        .queueStream([
          [1, 2, 3],
          [4, 5],
        ])
        .map((n) => {
          runs.add(1);
          return n;
        })
        .persist();
      counted.foreachRDD((rdd) => rdd.count());
      counted
        .map((n) => n + 1)
        .foreachRDD(async (rdd, time) => {
          await rdd.count();
          report(time, [runs.value]);
        });
    },
  }),
  operation({
    id: "DS-25",
    title: "checkpoint of a stream changes none of its results, nor does cache",
    batches: [[1, 2], [3]],
    build: (numbers) => {
      const kept = numbers.map((n) => n * 2).checkpoint(200);
      return kept.union(kept.cache()).count();
    },
    expected: [[4], [2], [0]],
  }),
  operation({
    id: "DS-26",
    title: "slideDuration is the batch interval, or the slide of the window before",
    batches: [[1], [2]],
    build: (numbers) => {
      const slow = numbers.window(400, 200).map((n) => n);
      const slides = [numbers.slideDuration, slow.slideDuration, slow.count().slideDuration];
      return numbers.map((n) => [n, ...slides]);
    },
    expected: [[[1, 100, 200, 200]], [[2, 100, 200, 200]]],
  }),
  observation({
    id: "DS-23",
    title: "slice gives the RDDs of both ends and between, and none before the first batch",
    order: "exactly",
    expected: [[["a"]], [["a"], ["b", "c"]], [["a"], ["b", "c"], []], [["b", "c"], [], ["d"]]],
    declare: (ssc, report) => {
      ssc.remember(3 * ssc.batchInterval);
      const letters = ssc.queueStream([["a"], ["b", "c"], [], ["d"]]);
      letters.foreachRDD(async (_, time) => {
        const rdds = await letters.slice(Math.max(0, time - 2 * ssc.batchInterval), time);
        report(time, await Promise.all(rdds.map((rdd) => rdd.collect())));
      });
    },
  }),
  operation({
    id: "IN-7",
    title: "queueStream takes one batch at a time",
    batches: [[1], [2, 3]],
    build: (_, ssc) => ssc.queueStream([[1], [2, 3]], { default: [9] }),
    order: "exactly",
    expected: [[1], [2, 3], [9], [9]],
  }),
  operation({
    id: "IN-7",
    title: "queueStream takes all that there are, if it is to",
    batches: [],
    build: (_, ssc) => ssc.queueStream([[1], [2, 3], ssc.parallelize([4], 2)], { oneAtATime: false }),
    order: "exactly",
    expected: [[1, 2, 3, 4], []],
  }),
  observation({
    id: "IN-7",
    title: "queueStream takes what is added to its queue while the job runs",
    order: "exactly",
    expected: [[1], [2], [3], []],
    declare: (ssc, report) => {
      const queue = [[1]];
      ssc.queueStream(queue).foreachRDD(async (rdd, time) => {
        const numbers = await rdd.collect();
        report(time, numbers);
        if (numbers[0] === 1) queue.push([2], [3]);
      });
    },
  }),
  action({
    id: "CX-6",
    title: "a batch without partitions of its own is spread over the default parallelism",
    batches: [["a", "b", "c"]],
    act: async (rdd, ssc) => [(await rdd.getNumPartitions()) - ssc.defaultParallelism],
    expected: [[0]],
  }),
];
