// State by updateStateByKey: KS-1, KS-2, PD-11, PD-12.
import { type Case, kv, observation, operation } from "./case.ts";

const total = (added: readonly number[], before = 0): number => added.reduce((sum, n) => sum + n, before);
/** Counts the batches since it began, whether or not the key has values in them. */
const age = (_: readonly number[], before = 0): number => before + 1;

export const state: readonly Case[] = [
  operation({
    id: "KS-1",
    title: "updateStateByKey gives all state in every batch, also of keys without values",
    batches: [[kv("a", 1), kv("b", 2), kv("a", 3)], [kv("b", 5)], [], [kv("c", 7)]],
    build: (pairs) => pairs.updateStateByKey<number>(total),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 4), kv("b", 7)],
      [kv("a", 4), kv("b", 7)],
      [kv("a", 4), kv("b", 7), kv("c", 7)],
    ],
  }),
  operation({
    id: "KS-1",
    title: "updateStateByKey calls its function for every known key in every batch",
    batches: [[kv("a", 1)], [], [kv("b", 1), kv("a", 1)], []],
    build: (pairs) => pairs.updateStateByKey<number>(age),
    expected: [[kv("a", 1)], [kv("a", 2)], [kv("a", 3), kv("b", 1)], [kv("a", 4), kv("b", 2)]],
  }),
  operation({
    id: "KS-1",
    title: "undefined forgets a key, and it begins anew when it comes again",
    batches: [[kv("a", 1), kv("b", 1)], [kv("a", -1)], [kv("a", 5)], [kv("b", -1)], []],
    build: (pairs) =>
      pairs.updateStateByKey<number[]>((added, before = []) =>
        added.includes(-1) ? undefined : [...before, ...added],
      ),
    expected: [
      [kv("a", [1]), kv("b", [1])],
      [kv("b", [1])],
      [kv("a", [5]), kv("b", [1])],
      [kv("a", [5])],
      [kv("a", [5])],
    ],
  }),
  operation({
    id: "KS-1",
    title: "a key that is forgotten in the batch it came in has never been",
    batches: [[kv("a", 1)], [], [kv("a", 2)]],
    build: (pairs) =>
      pairs.updateStateByKey<number>((added, before) => (added.includes(1) ? undefined : total(added, before))),
    expected: [[], [], [kv("a", 2)]],
  }),
  operation({
    id: "KS-1",
    title: "null is a state, and undefined is none",
    batches: [[kv("a", 1)], [], []],
    build: (pairs) => pairs.updateStateByKey<null | number>((_, before) => (before === null ? 1 : null)),
    expected: [[kv("a", null)], [kv("a", 1)], [kv("a", null)]],
  }),
  operation({
    id: "PD-12",
    title: "the function of updateStateByKey is given the key",
    batches: [[kv("a", 1)], [kv("b", 2)]],
    build: (pairs) => pairs.updateStateByKey<string>((added, before = "", key) => `${before}${key}${added.join("")}`),
    expected: [[kv("a", "a1")], [kv("a", "a1a"), kv("b", "b2")]],
  }),
  operation({
    id: "PD-12",
    title: "the function of updateStateByKey is given the batch's time",
    batches: [[kv("a", 1)], [], [kv("b", 2)]],
    build: (pairs, ssc) => {
      const interval = ssc.batchInterval;
      return pairs
        .updateStateByKey<number[]>((_, times = [], _key, time) => [...times, time])
        .mapValues((times) => times.map((time) => (time - (times[0] ?? 0)) / interval));
    },
    expected: [[kv("a", [0])], [kv("a", [0, 1])], [kv("a", [0, 1, 2]), kv("b", [0])]],
  }),
  operation({
    id: "PD-12",
    title: "updateStatePartitions has a partition at a time, empty ones too, and what it gives is all the state",
    batches: [[kv("a", 1), kv("bb", 2), kv("a", 3)], [kv("a", 4)], []],
    build: (pairs) =>
      pairs
        .updateStatePartitions<number>(
          function* (entries) {
            for (const [key, added, before = 0] of entries) {
              if (key === "a" && added.length === 0) continue; // forgotten
              yield [key, total(added, before)];
            }
          },
          { partitioner: { numPartitions: 3, getPartition: (key) => key.length % 3 } },
        )
        .glom(),
    order: "exactly",
    expected: [
      [[], [kv("a", 4)], [kv("bb", 2)]],
      [[], [kv("a", 8)], [kv("bb", 2)]],
      [[], [], [kv("bb", 2)]],
    ],
  }),
  operation({
    id: "KS-2",
    title: "initial state of an array",
    batches: [[kv("a", 1)], []],
    build: (pairs) => pairs.updateStateByKey<number>(total, { initialState: [kv("a", 10), kv("z", 20)] }),
    expected: [
      [kv("a", 11), kv("z", 20)],
      [kv("a", 11), kv("z", 20)],
    ],
  }),
  operation({
    id: "KS-2",
    title: "initial state is merged in the first batch, for keys with and without values",
    batches: [[kv("a", 1)], [kv("b", 2)], []],
    build: (pairs, ssc) =>
      pairs.updateStateByKey<number>(total, { initialState: ssc.parallelize([kv("a", 10), kv("z", 20)], 3) }),
    expected: [
      [kv("a", 11), kv("z", 20)],
      [kv("a", 11), kv("b", 2), kv("z", 20)],
      [kv("a", 11), kv("b", 2), kv("z", 20)],
    ],
  }),
  operation({
    id: "KS-2",
    title: "the function is called for initial state in the first batch, and may forget it",
    batches: [[kv("a", 1)], [kv("z", 2)]],
    build: (pairs, ssc) =>
      pairs.updateStateByKey<number>((added, before) => (added.length === 0 ? undefined : total(added, before)), {
        initialState: ssc.parallelize([kv("a", 10), kv("z", 20)]),
      }),
    expected: [[kv("a", 11)], [kv("z", 2)]],
  }),
  operation({
    id: "PD-11",
    title: "updateStateByKey has as many partitions as it is told, and keeps its keys where they are",
    batches: [[kv("bb", 1), kv("a", 1)], [kv("a", 1)], []],
    build: (pairs) =>
      pairs
        .updateStateByKey<number>(total, {
          partitioner: { numPartitions: 3, getPartition: (key) => key.length % 3 },
        })
        .mapValues((n) => -n)
        .glom(),
    order: "exactly",
    expected: [
      [[], [kv("a", -1)], [kv("bb", -1)]],
      [[], [kv("a", -2)], [kv("bb", -1)]],
      [[], [kv("a", -2)], [kv("bb", -1)]],
    ],
  }),
  operation({
    id: "PD-11",
    title: "updateStateByKey with more partitions than keys, of a stream with others",
    batches: [[kv("a", 1), kv("b", 2), kv("a", 3)], [kv("b", 1)]],
    partitions: 5,
    build: (pairs) => pairs.updateStateByKey<number>(total, 16),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 4), kv("b", 3)],
    ],
  }),
  operation({
    id: "PD-11",
    title: "onlyUpdated, which is ours, leaves the state of other keys as it is, and gives it",
    batches: [[kv("a", 1)], [kv("b", 1)], [kv("a", 1)], []],
    build: (pairs) => pairs.updateStateByKey<number>(age, { onlyUpdated: true }),
    expected: [[kv("a", 1)], [kv("a", 1), kv("b", 1)], [kv("a", 2), kv("b", 1)], [kv("a", 2), kv("b", 1)]],
  }),
  operation({
    id: "KS-1",
    title: "state of state: a stateful stream feeds another",
    batches: [[kv("a", 1)], [kv("a", 2)], []],
    build: (pairs) => pairs.updateStateByKey<number>(total).updateStateByKey<number>(total),
    expected: [[kv("a", 1)], [kv("a", 4)], [kv("a", 7)]],
  }),
  operation({
    id: "KS-1",
    title: "state is joined with its stream without a shuffle of either",
    batches: [[kv("a", 1), kv("b", 2)], [kv("a", 3)], []],
    build: (pairs) => pairs.join(pairs.updateStateByKey<number>(total)),
    expected: [[kv("a", kv(1, 1)), kv("b", kv(2, 2))], [kv("a", kv(3, 4))], []],
  }),
  operation({
    id: "KS-1",
    title: "a window of state has each batch's state",
    batches: [[kv("a", 1)], [kv("a", 1)], []],
    build: (pairs) => pairs.updateStateByKey<number>(total).window(200),
    expected: [[kv("a", 1)], [kv("a", 1), kv("a", 2)], [kv("a", 2), kv("a", 2)]],
  }),
  operation({
    id: "KS-1",
    title: "state of a sliding window is updated once a slide",
    batches: [[kv("a", 1)], [kv("a", 2)], [kv("a", 3)], [kv("a", 4)]],
    build: (pairs) => pairs.window(300, 200).updateStateByKey<number>(total),
    expected: [undefined, [kv("a", 3)], undefined, [kv("a", 12)]],
  }),
  observation({
    id: "KS-1",
    title: "state is updated once in a batch, however many outputs it has",
    expected: [[kv("a", 2)], [kv("a", 4)], [kv("a", 4)]],
    declare: (ssc, report) => {
      const totals = ssc.queueStream([[kv("a", 2)], [kv("a", 2)]]).updateStateByKey<number>(total);
      totals.foreachRDD((rdd) => rdd.count());
      totals.foreachRDD(async (rdd, time) => {
        await rdd.count();
        report(time, await rdd.collect());
      });
    },
  }),
];
