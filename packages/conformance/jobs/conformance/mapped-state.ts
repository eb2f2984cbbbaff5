// State by mapWithState: KS-4 … KS-8, PD-13. A batch is 100 ms.
import { type State, StateSpec } from "millrace";
import { type Case, kv, observation, operation } from "./case.ts";

/** Adds to the key's sum, and returns it. */
const sums = StateSpec.function((key: string, n: number | undefined, state: State<number>) => {
  const sum = (state.getOption() ?? 0) + (n ?? 0);
  state.update(sum);
  return `${key}${sum}`;
});

/** Like `sums`, and reports keys that time out. */
const sumsWhileBusy = StateSpec.function((key: string, n: number | undefined, state: State<number>) => {
  if (state.isTimingOut()) return `${key} goes with ${state.get()}${n === undefined ? "" : " and a value"}`;
  const sum = (state.getOption() ?? 0) + (n ?? 0);
  state.update(sum);
  return `${key}${sum}`;
}).timeout("200ms");

/** `[key, the sum of its values so far]`. */
const total = (key: string, value: number | undefined, state: State<number>): [string, number] => {
  const after = (state.getOption() ?? 0) + (value ?? 0);
  state.update(after);
  return [key, after];
};

/** Reports when a key times out; a value of 0 only reads its state. */
const watch = (key: string, value: number | undefined, state: State<number>): string | undefined => {
  if (state.isTimingOut()) return `${key} ${value} out ${state.get()}`;
  if (value === 0) return `${key} looked`;
  state.update(value ?? 0);
  return undefined;
};

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
  operation({
    id: "KS-4",
    title: "the order of records is that of the batch, over all of its partitions",
    batches: [Array.from({ length: 40 }, (_, i) => kv(i % 3, i))],
    partitions: 7,
    build: (pairs) =>
      pairs.mapWithState(
        (key, value = 0, state: State<number>) => {
          const before = state.getOption() ?? -1;
          state.update(value);
          return [key, before < value];
        },
        { numPartitions: 2 },
      ),
    expected: [Array.from({ length: 40 }, (_, i) => kv(i % 3, true))],
  }),
  operation({
    id: "KS-5",
    title: "what get gives is no state until update",
    batches: [[kv("a", true), kv("a", false)], [kv("a", false)], [kv("a", true)], [kv("a", false)]],
    build: (pairs) =>
      pairs.mapWithState((_, keep, state: State<Map<string, number[]>>) => {
        const seen = state.getOption() ?? new Map([["n", []]]);
        seen.get("n")?.push(1);
        if (keep) state.update(seen);
        return seen.get("n")?.length;
      }),
    order: "exactly",
    expected: [[1, 2], [2], [2], [3]],
  }),
  observation({
    id: "KS-7",
    title: "the function is called once for each record, however many outputs there are, of records and snapshots",
    expected: [[2], [3], [3]],
    declare: (ssc, report) => {
      const calls = ssc.longAccumulator();
      const mapped = ssc
        .queueStream([[kv("a", 1), kv("b", 1)], [kv("a", 2)]])
        .mapWithState((key, value, state: State<number>) => {
          calls.add(1);
          return total(key, value, state);
        });
      mapped.foreachRDD((rdd) => rdd.count());
      mapped.stateSnapshots().foreachRDD((rdd) => rdd.count());
      mapped.reduceByKey((a, b) => a + b).foreachRDD((rdd) => rdd.count());
      mapped.foreachRDD((_, time) => report(time, [Number(calls.value)]));
    },
  }),
  operation({
    id: "KS-8",
    title: "a record keeps its key, also one whose function changes nothing, and one in the batch of its timeout",
    batches: [[kv("a", 1), kv("b", 1)], [kv("b", 0)], [], [kv("a", 0)], [], [], []],
    build: (pairs) => pairs.mapWithState(watch, { timeout: "200ms" }),
    expected: [[], ["b looked"], [], ["a looked"], ["b undefined out 1"], [], ["a undefined out 1"]],
  }),
  operation({
    id: "PD-13",
    title: "what mapWithState gives is keyed anew",
    batches: [[kv("a", 1), kv("b", 1), kv("c", 2)], [kv("a", 1)]],
    build: (pairs) =>
      pairs
        .mapWithState((key, value = 0, _: State<number>) => [value, key], { numPartitions: 4 })
        .reduceByKey((a, b) => a + b, 4)
        .mapValues((keys) => [...keys].sort().join("")),
    expected: [[kv(1, "ab"), kv(2, "c")], [kv(1, "a")]],
  }),
  operation({
    id: "PD-13",
    title: "state below state, and below a sliding window",
    batches: [[kv("a", 1)], [kv("a", 2)], [kv("a", 3)], [kv("a", 4)]],
    build: (pairs) => pairs.window(200, 200).mapWithState(total).mapWithState(total).stateSnapshots(),
    expected: [undefined, [kv("a", 4)], undefined, [kv("a", 4 + 6 + 10)]],
  }),
  operation({
    id: "PD-13",
    title: "state may be anything that a record may be",
    batches: [[kv("a", 1n)], [kv("a", 2n)]],
    build: (pairs) =>
      pairs
        .mapWithState((key, value, state: State<{ seen: Set<bigint>; at: Date; bytes: Uint8Array; nan: number }>) => {
          const { seen = new Set<bigint>() } = state.getOption() ?? {};
          state.update({ seen: seen.add(value ?? 0n), at: new Date(5), bytes: new Uint8Array([255, 0]), nan: -0 });
          return key;
        })
        .stateSnapshots()
        .mapValues(({ seen, at, bytes, nan }) => [[...seen], at.getTime(), [...bytes], Object.is(nan, -0)]),
    expected: [[kv("a", [[1n], 5, [255, 0], true])], [kv("a", [[1n, 2n], 5, [255, 0], true])]],
  }),
];
