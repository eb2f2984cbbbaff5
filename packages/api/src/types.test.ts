import { describe, expectTypeOf, test } from "vitest";
import type { Broadcast, DStream, Pair, RateRecord, RDD, Receiver, StreamingContext } from "./index.ts";
import { ConstantInputDStream, InputDStream } from "./index.ts";

// Nothing here runs a stream: the bodies are checked by the compiler (`npm run check`, and types.proc.test.ts).
declare const ssc: StreamingContext;
declare const lines: DStream<string>;
declare const pairs: DStream<[string, number]>;
declare const rdd: RDD<string>;
declare const pairRdd: RDD<[string, number]>;

/** Takes a body that is type-checked and never called. */
function typed(_body: () => unknown): void {}

describe("sources", () => {
  test("of files have lines, or the results of the decoder", () => {
    typed(() => {
      expectTypeOf(ssc.textFileStream("in")).toEqualTypeOf<DStream<string>>();
      expectTypeOf(ssc.fileStream("in")).toEqualTypeOf<DStream<string>>();
      expectTypeOf(ssc.fileStream("in", { filter: (path) => path.endsWith(".log") })).toEqualTypeOf<DStream<string>>();
      const sizes = async function* (bytes: AsyncIterable<Uint8Array>) {
        for await (const piece of bytes) yield piece.length;
      };
      expectTypeOf(ssc.fileStream("in", { format: sizes })).toEqualTypeOf<DStream<number>>();
      expectTypeOf(
        ssc.fileStream("in", {
          async *format(bytes) {
            for await (const piece of bytes) yield ["bytes", piece.length];
          },
        }),
      ).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(ssc.binaryRecordsStream("in", 16)).toEqualTypeOf<DStream<Uint8Array>>();
    });
  });
});

describe("socketStream", () => {
  test("has the results of its decoder, pairs as pairs", () => {
    typed(() => {
      expectTypeOf(
        ssc.socketStream("h", 1, async function* (bytes) {
          for await (const chunk of bytes) yield chunk.length;
        }),
      ).toEqualTypeOf<DStream<number>>();
      expectTypeOf(
        ssc.socketStream("h", 1, async function* (bytes) {
          for await (const chunk of bytes) yield ["bytes", chunk.length];
        }),
      ).toEqualTypeOf<DStream<[string, number]>>();
    });
  });
});

describe("toAsyncIterable", () => {
  test("yields records, or batches of them", () => {
    typed(async () => {
      for await (const record of pairs.toAsyncIterable()) expectTypeOf(record).toEqualTypeOf<[string, number]>();
      for await (const { time, records } of lines.toAsyncIterable({ batches: true, highWater: 0 })) {
        expectTypeOf(time).toEqualTypeOf<number>();
        expectTypeOf(records).toEqualTypeOf<readonly string[]>();
      }
      expectTypeOf(ReadableStream.from(lines.toAsyncIterable())).toEqualTypeOf<ReadableStream<string>>();
    });
  });
});

describe("sources of the driver", () => {
  test("give what their RDDs hold", () => {
    typed(() => {
      expectTypeOf(ssc.rateStream(5)).toEqualTypeOf<DStream<RateRecord>>();
      class Table extends InputDStream<{ id: number }> {
        override compute(time: number) {
          return time > 0 ? ssc.parallelize([{ id: time }]) : undefined;
        }
      }
      expectTypeOf(ssc.inputStream(new Table())).toEqualTypeOf<DStream<{ id: number }>>();
      expectTypeOf(ssc.inputStream(new ConstantInputDStream(pairRdd))).toEqualTypeOf<DStream<[string, number]>>();
    });
  });
});

describe("iterableStream", () => {
  test("has the iterated values, pairs as pairs", () => {
    typed(() => {
      expectTypeOf(ssc.iterableStream(() => ["a", "b"])).toEqualTypeOf<DStream<string>>();
      expectTypeOf(
        ssc.iterableStream(async function* (signal) {
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
          yield 1;
        }),
      ).toEqualTypeOf<DStream<number>>();
      expectTypeOf(
        ssc.iterableStream(function* () {
          yield ["a", 1];
        }),
      ).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(
        ssc.iterableStream(async () => {
          const { body } = await fetch("http://localhost/");
          return (body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream());
        }),
      ).toEqualTypeOf<DStream<string>>();
    });
  });
});

describe("map", () => {
  test("makes pairs of two-tuples, with or without as const, and keeps literal keys", () => {
    typed(() => {
      expectTypeOf(lines.map((w) => [w, 1])).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(lines.map((w) => [w, 1] as const)).toEqualTypeOf<DStream<[string, 1]>>();
      expectTypeOf(lines.map((w) => [w.length > 3 ? "long" : "short", 1])).toEqualTypeOf<
        DStream<["long" | "short", number]>
      >();
      expectTypeOf(lines.map((w) => (w === "" ? ["a", 1] : ["b", 2]))).toEqualTypeOf<DStream<["a" | "b", number]>>();
      expectTypeOf(
        lines.map((line) => {
          const [user = "", text = ""] = line.split(": ");
          return [user, text];
        }),
      ).toEqualTypeOf<DStream<[string, string]>>();
      expectTypeOf(lines.flatMap((l) => l.split(" ").map((w) => [w, 1]))).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(lines.map((w) => [{ user: w }, new Map([[w, 1]])])).toEqualTypeOf<
        DStream<[{ user: string }, Map<string, number>]>
      >();
    });
  });

  test("makes other records of anything else", () => {
    typed(() => {
      expectTypeOf(lines.map((w) => w.length)).toEqualTypeOf<DStream<number>>();
      expectTypeOf(lines.map(() => 1)).toEqualTypeOf<DStream<number>>();
      expectTypeOf(lines.map((w) => w.split(" "))).toEqualTypeOf<DStream<string[]>>();
      expectTypeOf(lines.map((w) => ({ w }))).toEqualTypeOf<DStream<{ w: string }>>();
      expectTypeOf(lines.map(Number)).toEqualTypeOf<DStream<number>>();
      expectTypeOf(lines.flatMap((w) => w.split(" "))).toEqualTypeOf<DStream<string>>();
      expectTypeOf(lines.map((w) => (w === "" ? undefined : w)).filter((w) => w !== undefined)).toEqualTypeOf<
        DStream<string>
      >();
    });
  });

  test("infers within functions of the author that are generic", () => {
    typed(() => {
      function counts<T>(stream: DStream<T>) {
        return stream.map((value) => [value, 1]).reduceByKey((a, b) => a + b);
      }
      expectTypeOf(counts(lines)).toEqualTypeOf<DStream<[string, number]>>();
      function loose(stream: DStream<unknown>) {
        return stream.map((value) => [value, 1]);
      }
      expectTypeOf(loose(lines)).toEqualTypeOf<DStream<[unknown, number]>>();
    });
  });
});

describe("pair operations", () => {
  test("do not exist on streams of anything but two-tuples", () => {
    typed(() => {
      // @ts-expect-error
      lines.reduceByKey((a) => a);
      // @ts-expect-error
      lines.mapValues((v) => v);
      // @ts-expect-error
      lines.groupByKey();
      // @ts-expect-error
      lines.join(pairs);
      // @ts-expect-error
      lines.updateStateByKey(() => 1);
      // @ts-expect-error
      lines.map((w) => [w, 1, 2] as const).keys();
      // @ts-expect-error
      rdd.collectAsMap();
      // @ts-expect-error
      rdd.reduceByKey((a) => a);
    });
  });

  test("reduce the widened type of values", () => {
    typed(() => {
      expectTypeOf(lines.map((w) => [w, 1] as const).reduceByKey((a, b) => a + b)).toEqualTypeOf<
        DStream<[string, number]>
      >();
      expectTypeOf(
        lines.map((w) => [w, [1, w.length]] as const).reduceByKey(([n, m], [o, p]) => [n + o, m + p]),
      ).toEqualTypeOf<DStream<[string, readonly [number, number]]>>();
      expectTypeOf(
        pairs.combineByKey(
          (v) => [v],
          (c, v) => [...c, v],
          (c, d) => [...c, ...d],
          3,
        ),
      ).toEqualTypeOf<DStream<[string, number[]]>>();
      expectTypeOf(
        pairs.aggregateByKey(
          new Set<number>(),
          (set, n) => set.add(n),
          (a, b) => new Set([...a, ...b]),
        ),
      ).toEqualTypeOf<DStream<[string, Set<number>]>>();
      expectTypeOf(pairs.foldByKey(0, (a, b) => a + b)).toEqualTypeOf<DStream<[string, number]>>();
      // @ts-expect-error a string is no number
      pairs.reduceByKey((a, b) => `${a}${b}`);
    });
  });

  test("keep keys and give the documented shapes", () => {
    typed(() => {
      expectTypeOf(pairs.mapValues((n) => n > 1)).toEqualTypeOf<DStream<[string, boolean]>>();
      expectTypeOf(pairs.flatMapValues((n) => [n, "x"])).toEqualTypeOf<DStream<[string, string | number]>>();
      expectTypeOf(pairs.keys()).toEqualTypeOf<DStream<string>>();
      expectTypeOf(pairs.values()).toEqualTypeOf<DStream<number>>();
      expectTypeOf(pairs.groupByKey(4)).toEqualTypeOf<DStream<[string, number[]]>>();
      const other = lines.map((w) => [w, w.length > 1]);
      expectTypeOf(pairs.join(other)).toEqualTypeOf<DStream<[string, [number, boolean]]>>();
      expectTypeOf(pairs.cogroup(other)).toEqualTypeOf<DStream<[string, [number[], boolean[]]]>>();
      expectTypeOf(pairs.leftOuterJoin(other)).toEqualTypeOf<DStream<[string, [number, boolean | undefined]]>>();
      expectTypeOf(pairs.rightOuterJoin(other)).toEqualTypeOf<DStream<[string, [number | undefined, boolean]]>>();
      expectTypeOf(pairs.fullOuterJoin(other)).toEqualTypeOf<
        DStream<[string, [number | undefined, boolean | undefined]]>
      >();
      const sized = lines.map((w) => [w.length > 3 ? "long" : "short", 1]);
      expectTypeOf(sized.join(other)).toEqualTypeOf<DStream<["long" | "short", [number, boolean]]>>();
      // @ts-expect-error keys of another type
      pairs.join(lines.map((w) => [w.length, w]));
      expectTypeOf(pairs.reduceByKey((a, b) => a + b, { numPartitions: 2 })).toEqualTypeOf<DStream<[string, number]>>();
      pairs.partitionBy({ partitioner: { numPartitions: 2, getPartition: (key: string) => key.length % 2 } });
      // @ts-expect-error a partitioner of other keys
      pairs.partitionBy({ partitioner: { numPartitions: 2, getPartition: (key: Date) => key.getDay() } });
    });
  });

  test("keep state of the type that is asked for", () => {
    typed(() => {
      const totals = pairs.updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total));
      expectTypeOf(totals).toEqualTypeOf<DStream<[string, number]>>();
      const ones = lines.map((w) => [w, 1] as const);
      expectTypeOf(
        ones.updateStateByKey<number>((added, total = 0) => added.reduce((a, b) => a + b, total)),
      ).toEqualTypeOf<DStream<[string, number]>>();
      pairs.updateStateByKey<{ n: number }>((added, state, key) => {
        expectTypeOf(added).toEqualTypeOf<number[]>();
        expectTypeOf(state).toEqualTypeOf<{ n: number } | undefined>();
        expectTypeOf(key).toEqualTypeOf<string>();
        return added.length === 0 ? undefined : { n: added.length };
      });
      pairs.updateStateByKey<number>((_, total) => total, {
        initialState: pairRdd,
        onlyUpdated: true,
        numPartitions: 3,
      });
    });
  });
});

describe("streams and RDDs", () => {
  test("may stand for those of a wider type, not of a narrower one", () => {
    typed(() => {
      const wide: DStream<unknown> = lines;
      const pair: DStream<Pair> = pairs;
      // @ts-expect-error
      const narrow: DStream<number> = lines;
      return [wide, pair, narrow];
    });
  });

  test("go through transform, foreachRDD and union with their types", () => {
    typed(() => {
      expectTypeOf(lines.transform((r) => r.map((w) => [w, 1]))).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(lines.transform(async (r, time) => r.map((w) => w.length + time))).toEqualTypeOf<DStream<number>>();
      expectTypeOf(pairs.transformWith(lines, (a, b) => a.union(b))).toEqualTypeOf<
        DStream<string | [string, number]>
      >();
      expectTypeOf(ssc.transform([lines, pairs], ([a, b]) => a.union(b.keys()))).toEqualTypeOf<DStream<string>>();
      expectTypeOf(lines.union(pairs)).toEqualTypeOf<DStream<string | [string, number]>>();
      expectTypeOf(ssc.union(lines, lines)).toEqualTypeOf<DStream<string>>();
      lines.foreachRDD(async (r, time) => {
        expectTypeOf(await r.collect()).toEqualTypeOf<string[]>();
        expectTypeOf(time).toEqualTypeOf<number>();
      });
      // @ts-expect-error no RDD
      lines.transform(() => 1);
    });
  });

  test("give what their actions promise", () => {
    typed(async () => {
      expectTypeOf(await pairRdd.collectAsMap()).toEqualTypeOf<Map<string, number>>();
      expectTypeOf(await rdd.countByValue()).toEqualTypeOf<Map<string, number>>();
      expectTypeOf(await rdd.take(3)).toEqualTypeOf<string[]>();
      expectTypeOf(await rdd.first()).toEqualTypeOf<string>();
      expectTypeOf(await rdd.count()).toEqualTypeOf<number>();
      expectTypeOf(await rdd.map(() => 1 as const).reduce((a, b) => a + b)).toEqualTypeOf<number>();
      expectTypeOf(await pairRdd.lookup("a")).toEqualTypeOf<number[]>();
    });
  });

  test("come from sources with their types", () => {
    typed(() => {
      expectTypeOf(ssc.queueStream([["a b"], ["c"]])).toEqualTypeOf<DStream<string>>();
      expectTypeOf(ssc.queueStream([[["a", 1]], [["b", 2]]])).toEqualTypeOf<DStream<[string, number]>>();
      expectTypeOf(ssc.queueStream([rdd])).toEqualTypeOf<DStream<string>>();
      expectTypeOf(ssc.queueStream<string>([])).toEqualTypeOf<DStream<string>>();
      expectTypeOf(ssc.parallelize([1, 2])).toEqualTypeOf<RDD<number>>();
      expectTypeOf(ssc.parallelize([["a", 1]])).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(ssc.parallelize(new Map([["a", 1]]))).toEqualTypeOf<RDD<[string, number]>>();
      expectTypeOf(ssc.range(3)).toEqualTypeOf<RDD<number>>();
      expectTypeOf(
        ssc.socketStream("h", 1, async function* (bytes) {
          for await (const chunk of bytes) yield chunk.length;
        }),
      ).toEqualTypeOf<DStream<number>>();
      const receiver = {} as Receiver<{ n: number }>;
      expectTypeOf(ssc.receiverStream(receiver)).toEqualTypeOf<DStream<{ n: number }>>();
    });
  });
});

test("shared variables have types", () => {
  typed(() => {
    expectTypeOf(ssc.broadcast(new Map([["a", 1]]))).toEqualTypeOf<Broadcast<Map<string, number>>>();
    expectTypeOf(ssc.longAccumulator("n").value).toEqualTypeOf<number>();
    expectTypeOf(ssc.collectionAccumulator<string>().value).toEqualTypeOf<string[]>();
    ssc.collectionAccumulator<string>().add("x");
    // @ts-expect-error
    ssc.longAccumulator().add("x");
  });
});

test("no any reaches the author", () => {
  typed(() => {
    expectTypeOf(lines.map((w) => w)).not.toBeAny();
    pairs.updateStateByKey<number>((added, total, key) => {
      expectTypeOf(added).not.toBeAny();
      expectTypeOf(total).not.toBeAny();
      expectTypeOf(key).not.toBeAny();
      return total;
    });
    lines.mapPartitions((values) => {
      expectTypeOf(values).toEqualTypeOf<Iterable<string>>();
      return [...values];
    });
  });
});
