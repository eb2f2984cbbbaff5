import { describe, expectTypeOf, test } from "vitest";
import type { DStream, MapWithStateDStream, RDD, State } from "./index.ts";
import { StateSpec } from "./index.ts";

// Checked by the compiler, like types.test.ts; nothing here runs.
declare const lines: DStream<string>;
declare const pairs: DStream<[string, number]>;
declare const totals: RDD<[string, number]>;

/** Takes a body that is type-checked and never called. */
function typed(_body: () => unknown): void {}

describe("mapWithState", () => {
  test("takes the types of keys and values from the stream, and that of the state from the function", () => {
    typed(() => {
      const mapped = pairs.mapWithState((key, value, state: State<Date>, time) => {
        expectTypeOf(key).toEqualTypeOf<string>();
        expectTypeOf(value).toEqualTypeOf<number | undefined>();
        expectTypeOf(time).toEqualTypeOf<number>();
        expectTypeOf(state.get()).toEqualTypeOf<Date>();
        expectTypeOf(state.getOption()).toEqualTypeOf<Date | undefined>();
        expectTypeOf(state.exists()).toEqualTypeOf<boolean>();
        expectTypeOf(state.isTimingOut()).toEqualTypeOf<boolean>();
        state.update(new Date(time));
        // @ts-expect-error state of another type
        state.update(time);
        return state.exists();
      });
      expectTypeOf(mapped).toEqualTypeOf<MapWithStateDStream<string, Date, boolean>>();
      expectTypeOf(mapped.map(String)).toEqualTypeOf<DStream<string>>();
      expectTypeOf(mapped.stateSnapshots()).toEqualTypeOf<DStream<[string, Date]>>();
    });
  });

  test("yields pairs where the function returns two-tuples, and nothing for undefined", () => {
    typed(() => {
      const sums = pairs.mapWithState((key, value = 0, state: State<number>) => [
        key,
        value + (state.getOption() ?? 0),
      ]);
      expectTypeOf(sums.reduceByKey((a, b) => a + b)).toEqualTypeOf<DStream<[string, number]>>();
      const some = pairs.mapWithState((key, value = 0, _: State<number>) => (value > 1 ? key.length : undefined));
      expectTypeOf(some).toEqualTypeOf<MapWithStateDStream<string, number, number>>();
      const maybe = pairs.mapWithState((key, value = 0, _: State<number>) => (value > 1 ? [key, true] : undefined));
      expectTypeOf(maybe).toEqualTypeOf<MapWithStateDStream<string, number, [string, boolean]>>();
      const explicit = pairs.mapWithState<number, string>((key, _, state) => key.repeat(state.getOption() ?? 0));
      expectTypeOf(explicit).toEqualTypeOf<MapWithStateDStream<string, number, string>>();
    });
  });

  test("takes options beside the function, or a spec", () => {
    typed(() => {
      const count = (key: string, value: number | undefined, state: State<number>) => {
        if (value !== undefined) state.update((state.getOption() ?? 0) + value);
        return key;
      };
      const partitioner = { numPartitions: 2, getPartition: (key: string) => key.length % 2 };
      pairs.mapWithState(count, { timeout: "30s", initialState: totals, numPartitions: 3 });
      pairs.mapWithState(count, { initialState: [["a", 1]], partitioner });
      const spec = StateSpec.function(count)
        .timeout(500)
        .initialState([["a", 1]])
        .numPartitions(3);
      expectTypeOf(pairs.mapWithState(spec)).toEqualTypeOf<MapWithStateDStream<string, number, string>>();
      pairs.mapWithState(StateSpec.function(count).initialState(totals).partitioner(partitioner));
      const pair = StateSpec.function((key: string, _: number | undefined, state: State<number>) => [key, state.get()]);
      expectTypeOf(pairs.mapWithState(pair).keys()).toEqualTypeOf<DStream<string>>();
      // @ts-expect-error initial state of another type
      pairs.mapWithState(count, { initialState: [["a", "b"]] });
      // @ts-expect-error initial state of another type
      StateSpec.function(count).initialState([["a", "b"]]);
      // @ts-expect-error a function of other values
      pairs.mapWithState((_: string, value: Date | undefined, __: State<number>) => value);
      // @ts-expect-error a spec for other keys
      pairs.mapWithState(StateSpec.function((key: Date, _: number | undefined, __: State<number>) => key));
      // @ts-expect-error not a stream of pairs
      lines.mapWithState(() => 1);
      // @ts-expect-error snapshots are of mapWithState alone
      pairs.map((pair) => pair).stateSnapshots();
    });
  });

  test("takes the widened type of values that are literals", () => {
    typed(() => {
      const ones = lines.map((word) => [word, 1] as const);
      ones.mapWithState((key, value, _: State<number>) => {
        expectTypeOf(value).toEqualTypeOf<number | undefined>();
        return key;
      });
    });
  });
});

describe("the other forms of updateStateByKey", () => {
  test("are given the batch's time, and begin with pairs of an array or an RDD", () => {
    typed(() => {
      pairs.updateStateByKey<number>((values, _, __, time) => values.length + time, { initialState: [["a", 1]] });
      pairs.updateStateByKey<number>((values) => values.length, { initialState: new Map([["a", 1]]) });
      // @ts-expect-error initial state of another type
      pairs.updateStateByKey<number>((values) => values.length, { initialState: [["a", "b"]] });
    });
  });

  test("take whole partitions", () => {
    typed(() => {
      const sums = pairs.updateStatePartitions<number>(function* (entries, time) {
        expectTypeOf(time).toEqualTypeOf<number>();
        for (const [key, values, state = 0] of entries) {
          expectTypeOf(key).toEqualTypeOf<string>();
          expectTypeOf(values).toEqualTypeOf<number[]>();
          yield [key, values.reduce((a, b) => a + b, state)];
        }
      });
      expectTypeOf(sums).toEqualTypeOf<DStream<[string, number]>>();
      pairs.updateStatePartitions<number>((entries) => [...entries].map(([key]) => [key, 1] as const), 3);
      // @ts-expect-error one call a partition, not a key
      pairs.updateStatePartitions<number>((entries) => entries, { onlyUpdated: true });
    });
  });
});
