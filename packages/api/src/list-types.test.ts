import { describe, expectTypeOf, test } from "vitest";
import type { DStream, RDD, State, StreamingContext } from "./index.ts";

// Checked by the compiler, like types.test.ts.
declare const ssc: StreamingContext;
declare const lines: DStream<string>;
declare const pairs: DStream<[string, number]>;
declare const rdd: RDD<string>;

function typed(_body: () => unknown): void {}
const joined = <V>(a: readonly V[], b: readonly V[]): V[] => [...a, ...b];

describe("array literals that functions return", () => {
  test("of one element are lists, which can be put together", () => {
    typed(() => {
      expectTypeOf(lines.map((w) => [w]).reduce(joined)).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(lines.map((w) => (w === "" ? [] : [w]))).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(rdd.map((w) => [w]).fold([], (a, b) => [...a, ...b])).toEqualTypeOf<Promise<string[]>>();
      expectTypeOf(lines.flatMap((w) => [[w]])).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(lines.flatMap((w) => (w === "" ? [] : [[w, 1]]))).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(rdd.filterMap((w) => (w === "" ? undefined : [w]))).toEqualTypeOf<RDD<string[]>>();
      expectTypeOf(
        lines.mapPartitions(function* (partition) {
          for (const line of partition) yield [line];
        }),
      ).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(rdd.zipPartitions([rdd], (a, b) => [[[...a, ...b].length]])).toEqualTypeOf<RDD<number[]>>();
      expectTypeOf(
        ssc.iterableStream(function* () {
          yield ["a"];
        }),
      ).toEqualTypeOf<DStream<string[]>>();
      const seen = pairs.mapWithState((word, _, state: State<number>) => {
        state.update(1);
        return [word];
      });
      expectTypeOf(seen.map((words) => words)).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(seen.stateSnapshots()).toEqualTypeOf<DStream<[string, number]>>();
    });
  });

  test("of more, and read-only ones, are tuples", () => {
    typed(() => {
      expectTypeOf(lines.map((w) => [w, 1, true])).toEqualTypeOf<DStream<[string, number, boolean]>>();
      expectTypeOf(lines.map((w) => [w] as const)).toEqualTypeOf<DStream<readonly [string]>>();
    });
  });

  test("of values are put together", () => {
    typed(() => {
      const lists = lines.map((w) => [w, w]).mapValues((v) => [v]);
      expectTypeOf(lists).toEqualTypeOf<DStream<[string, string[]]>>();
      const none: string[] = [];
      expectTypeOf(lists.foldByKey(none, (a, b) => [...a, ...b])).toEqualTypeOf<DStream<[string, string[]]>>();
      expectTypeOf(lists.foldByKey([], (a, b) => [...a, ...b])).toEqualTypeOf<DStream<[string, string[]]>>();
      expectTypeOf(lines.map((w) => [w, [w]]).foldByKey(none, (a, b) => [...a, ...b])).toEqualTypeOf<
        DStream<[string, string[]]>
      >();
      expectTypeOf(pairs.flatMapValues((n) => [[n]]).reduceByKey((a, b) => [...a, ...b])).toEqualTypeOf<
        DStream<[string, number[]]>
      >();
      expectTypeOf(
        pairs.aggregateByKey(
          none,
          (all, n) => [...all, `${n}`],
          (a, b) => [...a, ...b],
        ),
      ).toEqualTypeOf<DStream<[string, string[]]>>();
    });
  });
});
