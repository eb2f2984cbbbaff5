// State by mapWithState: KS-4 … KS-8, PD-13. A batch is 100 ms.
import { type State, StateSpec } from "millrace";
import { type Case, kv, observation, operation } from "./case.ts";

/** Adds to the sum of the key, and tells it. */
const sums = StateSpec.function((key: string, n: number | undefined, state: State<number>) => {
  const sum = (state.getOption() ?? 0) + (n ?? 0);
  state.update(sum);
  return `${key}${sum}`;
});

/** As `sums`, and tells of keys that go. */
const sumsWhileBusy = StateSpec.function((key: string, n: number | undefined, state: State<number>) => {
  if (state.isTimingOut()) return `${key} goes with ${state.get()}${n === undefined ? "" : " and a value"}`;
  const sum = (state.getOption() ?? 0) + (n ?? 0);
  state.update(sum);
  return `${key}${sum}`;
}).timeout("200ms");

const partitionOf = (key: string): number => key.length % 3;

export const mappedState: readonly Case[] = [
  operation({
    id: "KS-4",
    title: "mapWithState is called once for each record, and for keys with data only",
    batches: [[kv("a", 1), kv("b", 2), kv("a", 3)], [], [kv("a", 4)]],
    build: (pairs) => pairs.mapWithState(sums),
    expected: [["a1", "a4", "b2"], [], ["a8"], []],
  }),
  operation({
    id: "KS-7",
    title: "stateSnapshots has all pairs in every batch",
    batches: [[kv("a", 1), kv("b", 2), kv("a", 3)], [], [kv("a", 4)]],
    build: (pairs) => pairs.mapWithState(sums).stateSnapshots(),
    expected: [
      [kv("a", 4), kv("b", 2)],
      [kv("a", 4), kv("b", 2)],
      [kv("a", 8), kv("b", 2)],
      [kv("a", 8), kv("b", 2)],
    ],
  }),
  operation({
    id: "KS-7",
    title: "the result has a record for each call that gave one: undefined is none, null is one",
    batches: [[kv("a", 1), kv("b", 2), kv("c", 3)]],
    build: (pairs) =>
      pairs.mapWithState<number, string | null>((key) => (key === "a" ? undefined : key === "b" ? null : key)),
    expected: [[null, "c"]],
  }),
  operation({
    id: "KS-4",
    title: "the function is given the batch's time",
    batches: [[kv("a", 0)], [kv("a", 0)], [kv("b", 0)]],
    build: (pairs) =>
      pairs.mapWithState<number, number>((_key, _n, state, time) => {
        const before = state.getOption();
        state.update(time);
        return before === undefined ? 0 : time - before;
      }),
    expected: [[0], [100], [0]],
  }),
  operation({
    id: "KS-5",
    title: "remove forgets a key, which begins anew; get of none is an error",
    batches: [[kv("a", 1)], [kv("a", -1)], [kv("a", 5)], []],
    build: (pairs) =>
      pairs.mapWithState<number, string>((_, n = 0, state) => {
        const had = state.exists() ? `had ${state.get()}` : "had none";
        if (n < 0) state.remove();
        else state.update(n);
        return `${had}, ${state.exists() ? "has" : "has none"}`;
      }),
    expected: [["had none, has"], ["had 1, has none"], ["had none, has"], []],
  }),
  operation({
    id: "KS-5",
    title: "state is misused by get of none, update and remove after remove",
    batches: [[kv("get", 1), kv("update", 1), kv("remove", 1)]],
    build: (pairs) =>
      pairs.mapWithState<number, readonly unknown[]>((key, n = 0, state) => {
        try {
          if (key === "get") state.get();
          state.update(n);
          state.remove();
          if (key === "update") state.update(n);
          else state.remove();
          return [key, "nothing was wrong"];
        } catch (error) {
          return [key, error instanceof Error && "code" in error ? error.code : error];
        }
      }),
    expected: [[kv("get", "STATE_MISUSED"), kv("update", "STATE_MISUSED"), kv("remove", "STATE_MISUSED")]],
  }),
  operation({
    id: "KS-8",
    title:
      "a key that is idle for longer than the timeout is passed once more and goes, in the first batch after it, where the reference waits for its checkpoint",
    batches: [[kv("a", 1), kv("b", 1)], [kv("b", 1)], [], [], [], [kv("a", 7)]],
    build: (pairs) => pairs.mapWithState(sumsWhileBusy),
    expected: [["a1", "b1"], ["b2"], [], ["a goes with 1"], ["b goes with 2"], ["a7"]],
  }),
  operation({
    id: "KS-8",
    title: "what has timed out is in no snapshot",
    batches: [[kv("a", 1), kv("b", 1)], [kv("b", 1)], [], [], [], [kv("a", 7)]],
    build: (pairs) => pairs.mapWithState(sumsWhileBusy).stateSnapshots(),
    expected: [
      [kv("a", 1), kv("b", 1)],
      [kv("a", 1), kv("b", 2)],
      [kv("a", 1), kv("b", 2)],
      [kv("b", 2)],
      [],
      [kv("a", 7)],
    ],
  }),
  operation({
    id: "KS-8",
    title: "data in the batch in which a key would time out keeps it",
    batches: [[kv("a", 1)], [], [], [kv("a", 2)], [], [], []],
    build: (pairs) => pairs.mapWithState(sumsWhileBusy),
    expected: [["a1"], [], [], ["a3"], [], [], ["a goes with 3"]],
  }),
  operation({
    id: "KS-6",
    title: "initial state is there in the first batch, in snapshots too, and times out as if it had been updated then",
    batches: [[kv("a", 1)], [kv("z", 1)], [], [], [], []],
    build: (pairs) => pairs.mapWithState(sumsWhileBusy.initialState([kv("a", 10), kv("y", 20), kv("z", 30)])),
    expected: [["a11"], ["z31"], [], ["a goes with 11", "y goes with 20"], ["z goes with 31"], []],
  }),
  operation({
    id: "KS-6",
    title: "initial state of an RDD, in snapshots",
    batches: [[kv("a", 1)], [kv("z", 1)]],
    build: (pairs, ssc) =>
      pairs.mapWithState(sums.initialState(ssc.parallelize([kv("a", 10), kv("z", 30)], 3))).stateSnapshots(),
    expected: [
      [kv("a", 11), kv("z", 30)],
      [kv("a", 11), kv("z", 31)],
    ],
  }),
  ...[1, 16].map((partitions) =>
    operation({
      id: "KS-6",
      title: `mapWithState on ${partitions} partitions, of a stream with 5`,
      batches: [[kv("a", 1), kv("b", 2), kv("a", 3)], [kv("b", 1)]],
      partitions: 5,
      build: (pairs) => pairs.mapWithState(sums.numPartitions(partitions)).stateSnapshots(),
      expected: [
        [kv("a", 4), kv("b", 2)],
        [kv("a", 4), kv("b", 3)],
      ],
    }),
  ),
  operation({
    id: "KS-6",
    title: "snapshots lie as the partitioner of the state says",
    batches: [[kv("bb", 1), kv("a", 1)], [kv("a", 1)]],
    build: (pairs) =>
      pairs
        .mapWithState(sums.partitioner({ numPartitions: 3, getPartition: partitionOf }))
        .stateSnapshots()
        .glom(),
    order: "exactly",
    expected: [
      [[], [kv("a", 1)], [kv("bb", 1)]],
      [[], [kv("a", 2)], [kv("bb", 1)]],
    ],
  }),
  observation({
    id: "PD-13",
    title: "results and snapshots come of one update in a batch, however many outputs there are",
    expected: [["a2", kv("a", 2)], ["a4", kv("a", 4)], [kv("a", 4)]],
    declare: (ssc, report) => {
      const mapped = ssc.queueStream([[kv("a", 2)], [kv("a", 2)]]).mapWithState(sums);
      const snapshots = mapped.stateSnapshots();
      const seen: unknown[] = [];
      mapped.foreachRDD(async (rdd) => {
        await rdd.count();
        seen.push(...(await rdd.collect()));
      });
      snapshots.foreachRDD(async (rdd, time) => {
        await rdd.count();
        report(time, [...seen.splice(0), ...(await rdd.collect())]);
      });
    },
  }),
  operation({
    id: "PD-13",
    title: "what mapWithState gives goes on as any stream, pairs and windows too",
    batches: [[kv("a", 1)], [kv("a", 2), kv("b", 3)], []],
    build: (pairs) =>
      pairs
        .mapWithState<number, [string, number]>((key, n = 0, state) => {
          state.update((state.getOption() ?? 0) + n);
          return [key, state.get()];
        })
        .window(200)
        .reduceByKey(Math.max),
    expected: [[kv("a", 1)], [kv("a", 3), kv("b", 3)], [kv("a", 3), kv("b", 3)]],
  }),
];
