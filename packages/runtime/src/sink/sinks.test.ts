import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { emptyClassTable, encodeBlock, partitionOf } from "@millrace/codec";
import { type Location, localVersion, locationFrom } from "@millrace/files";
import { fnSlot, type StageSink } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, fileInput, op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

const shuffle = (partitioner: Extract<StageSink, { kind: "shuffle" }>["partitioner"]): StageSink => ({
  kind: "shuffle",
  partitioner,
});
const add = (a: number, b: number) => a + b;

describe("a shuffle write", () => {
  test("puts each pair where the hash of its key says, in order", async () => {
    const pairs = Array.from({ length: 1000 }, (_, i) => [`k${i % 37}`, i] as const);
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input(pairs)],
      sink: shuffle({ kind: "hash", partitions: 5 }),
    });
    const expected = [0, 1, 2, 3, 4].map((p) => pairs.filter(([key]) => partitionOf(key, 5) === p));
    expect(slot.partitions(done)).toEqual(expected);
    expect(done).toMatchObject({ metrics: { recordsIn: 1000, recordsOut: 1000, spilledBytes: 0 } });
  });

  test("leaves out partitions without records", async () => {
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input([])],
      sink: shuffle({ kind: "hash", partitions: 2 }),
    });
    expect(done).toMatchObject({ kind: "mapOutput", blocks: [undefined, undefined], bytes: [0, 0] });
  });

  test("spreads any records evenly when asked to, beginning at the map partition's place", async () => {
    const done = await slot.done({
      source: blocks,
      partition: 4,
      inputs: [slot.input(["a", "b", "c", "d"])],
      sink: shuffle({ kind: "roundRobin", partitions: 3 }),
    });
    expect(slot.partitions(done)).toEqual([["c"], ["a", "d"], ["b"]]);
  });

  test("calls a custom partitioner, and refuses an invalid result", async () => {
    const sink = shuffle({ kind: "custom", partitions: 2, fn: fnSlot(0) });
    const inputs = [
      slot.input([
        [0, "x"],
        [1, "y"],
      ]),
    ];
    const done = await slot.done({ source: blocks, inputs, sink, functions: [(key: number) => 1 - key] });
    expect(slot.partitions(done)).toEqual([[[1, "y"]], [[0, "x"]]]);
    for (const wrong of [2, -1, 0.5, Number.NaN, "0", undefined]) {
      await expect(slot.done({ source: blocks, inputs, sink, functions: [() => wrong] })).rejects.toThrow(
        /\[BAD_PARTITION\] function .* the partitioner returned .* from 0 to 1/,
      );
    }
  });

  test("combines on the map side", async () => {
    const combine = { create: fnSlot(1), mergeValue: fnSlot(2), mergeCombiners: fnSlot(0) };
    const done = await slot.done({
      source: blocks,
      inputs: [
        slot.input([
          ["a", 1],
          ["b", 2],
          ["a", 3],
        ]),
      ],
      sink: { kind: "shuffle", partitioner: { kind: "hash", partitions: 1 }, combine },
      functions: [add, (n: number) => n * 100, (c: number, n: number) => c + n],
    });
    expect(slot.partitions(done)).toEqual([
      [
        ["a", 103],
        ["b", 200],
      ],
    ]);
    expect(done.metrics).toMatchObject({ recordsIn: 3, recordsOut: 2 });
  });

  test("frees the memory of a failed attempt", async () => {
    const before = slot.pool.usedBytes;
    const outcome = await slot.run({
      source: blocks,
      inputs: [slot.input(Array.from({ length: 50_000 }, (_, i) => i))],
      sink: shuffle({ kind: "hash", partitions: 1 }),
      ops: [op("map", 0)],
      functions: [
        (n: number) => {
          if (n === 49_999) throw new Error("last");
          return [`key ${n}`, n];
        },
      ],
    });
    expect(outcome.kind).toBe("failed");
    expect(slot.pool.usedBytes - before).toBeLessThan(128 * 1024);
    expect(slot.spillFiles()).toEqual([]);
  });
});

describe("results", () => {
  const numbers = [5, 1, 4];

  test("collect returns records up to the limit, and stops early", async () => {
    let calls = 0;
    const count = (n: number) => {
      calls += 1;
      return n;
    };
    expect(await slot.collect(numbers, { sink: { kind: "collect" } })).toEqual(numbers);
    const limited = await slot.collect(numbers, {
      limit: 2,
      ops: [op("map", 0)],
      functions: [count],
    });
    expect(limited).toEqual([5, 1]);
    expect(calls).toBe(2);
    expect(await slot.collect(numbers, { limit: 0 })).toEqual([]);
  });

  test("collect stops an endless flatMap and lets it clean up", async () => {
    let closed = false;
    const result = await slot.collect([1], {
      limit: 3,
      ops: [op("flatMap", 0)],
      functions: [
        function* () {
          try {
            for (let i = 0; ; i++) yield i;
          } finally {
            closed = true;
          }
        },
      ],
    });
    expect(result).toEqual([0, 1, 2]);
    expect(closed).toBe(true);
  });

  test("reduce processes the results of flatMap in order, for short and long arrays", async () => {
    const made = [[], ["a"], Array.from({ length: 100 }, (_, i) => `${i},`), ["b", "c"], ["d"]];
    for (const from of [0, 2]) {
      const result = await slot.collect(made.slice(from), {
        ops: [op("flatMap", 0)],
        functions: [(all: string[]) => all, (a: string, b: string) => a + b],
        sink: { kind: "reduce", fn: fnSlot(1) },
      });
      expect(result).toEqual([made.slice(from).flat().join("")]);
    }
    const failing = slot.collect([made[2]], {
      ops: [op("flatMap", 0)],
      functions: [(all: unknown) => all, () => (null as unknown as { x: 1 }).x],
      sink: { kind: "reduce", fn: fnSlot(1), label: "reduce at job.ts:9:9" },
    });
    await expect(failing).rejects.toThrow(/reduce at job\.ts:9:9 threw TypeError/);
  });

  test("count and reduce", async () => {
    expect(await slot.collect(numbers, { sink: { kind: "count" } })).toEqual([3]);
    expect(await slot.collect([], { sink: { kind: "count" } })).toEqual([0]);
    const sink: StageSink = { kind: "reduce", fn: fnSlot(0) };
    expect(await slot.collect(numbers, { sink, functions: [add] })).toEqual([10]);
    expect(await slot.collect([7], { sink, functions: [add] })).toEqual([7]);
    expect(await slot.collect([], { sink, functions: [add] })).toEqual([]);
    expect(await slot.collect([undefined, undefined], { sink, functions: [() => "twice"] })).toEqual(["twice"]);
  });

  test("past 64 KB go to the pool", async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `line ${i}`);
    const done = await slot.done({ source: blocks, inputs: [slot.input(lines)] });
    expect(done).toMatchObject({ result: { kind: "block" } });
    expect(slot.results(done)).toEqual(lines);
  });

  test("foreach awaits each call before the next", async () => {
    const log: string[] = [];
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input([1, 2, 3])],
      ops: [op("map", 0)],
      sink: { kind: "foreach", fn: fnSlot(1), label: "foreach at job.ts:9:9" },
      functions: [
        (n: number) => n * 2,
        async (n: number) => {
          log.push(`begin ${n}`);
          await Promise.resolve();
          log.push(`end ${n}`);
        },
      ],
    });
    expect(log).toEqual(["begin 2", "end 2", "begin 4", "end 4", "begin 6", "end 6"]);
    expect(done).toMatchObject({ kind: "result", metrics: { recordsOut: 3 } });
    await expect(
      slot.done({
        source: blocks,
        inputs: [slot.input([1])],
        sink: { kind: "foreach", fn: fnSlot(0), label: "foreach at job.ts:9:9" },
        functions: [() => Promise.reject(new Error("refused"))],
      }),
    ).rejects.toThrow(/foreach at job\.ts:9:9 threw Error: refused/);
  });

  test("foreachPartition gets all records once, for an empty partition too", async () => {
    const seen: unknown[] = [];
    const sink: StageSink = { kind: "foreachPartition", fn: fnSlot(0), label: "foreachPartition at job.ts:9:9" };
    const functions = [async (records: Iterable<unknown>) => void seen.push([...records])];
    expect(await slot.collect([1, 2], { sink, functions })).toEqual([]);
    expect(await slot.collect([], { sink, functions })).toEqual([]);
    expect(seen).toEqual([[1, 2], []]);
  });
});

describe("saveText", () => {
  /** An output directory as the driver makes it. */
  const made = (name: string): Location => {
    const directory = locationFrom(join(slot.directory, name));
    mkdirSync(join(directory, "_temporary"), { recursive: true });
    return directory;
  };

  test("writes a part file under a temporary name: strings unchanged, anything else as JSON", async () => {
    const directory = made("out");
    const done = await slot.done({
      source: blocks,
      inputs: [slot.input(["plain", { a: [1] }, 3, undefined])],
      sink: { kind: "saveText" },
      attempt: 2,
      output: { directory, file: "part-00000" },
    });
    const path = join(directory, "_temporary", "2-part-00000");
    expect(readFileSync(path, "utf8")).toBe('plain\n{"a":[1]}\n3\nnull\n');
    const token = localVersion(statSync(path, { bigint: true }));
    expect(done).toMatchObject({ result: { kind: "written", file: { file: "2-part-00000", bytes: 23, token } } });
  });

  test("refuses a record without JSON, and a place that is no file", async () => {
    const inputs = [slot.input([{ n: 1n }])];
    const sink: StageSink = { kind: "saveText" };
    const output = { directory: made("out"), file: "part-00001" };
    await expect(slot.done({ source: blocks, inputs, sink, output })).rejects.toThrow(
      /\[RECORD_NOT_TEXT\] .*\{ n: 1n \} cannot be written as JSON: .*BigInt/,
    );
    for (const value of [new Map([["a", 1]]), [["k", new Set([1])]], { a: { b: /x/ } }, Uint8Array.of(1)]) {
      const given = [slot.input([value])];
      await expect(slot.done({ source: blocks, inputs: given, sink, output })).rejects.toThrow(
        /\[RECORD_NOT_TEXT\] .* cannot be written as JSON: a (Map|Set|RegExp|Uint8Array) has no JSON/,
      );
    }
    await expect(
      slot.done({
        source: blocks,
        inputs,
        sink,
        output: { directory: locationFrom("other://bucket/out"), file: "part" },
      }),
    ).rejects.toThrow(/\[FILE_SYSTEM_UNKNOWN\] "other:\/\/bucket\/out/);
  });

  test("zips a file whose name says so, piece by piece", async () => {
    const directory = made("zipped");
    const lines = Array.from({ length: 60_000 }, (_, n) => `line ${n}`);
    const output = { directory, file: "part-00000.gz" };
    await slot.done({ source: blocks, inputs: [slot.input(lines)], sink: { kind: "saveText" }, output });
    const zipped = readFileSync(join(directory, "_temporary", "0-part-00000.gz"));
    expect(gunzipSync(zipped).toString()).toBe(`${lines.join("\n")}\n`);
    await slot.done({ source: blocks, inputs: [slot.input([])], sink: { kind: "saveText" }, output });
    expect(gunzipSync(readFileSync(join(directory, "_temporary", "0-part-00000.gz"))).toString()).toBe("");
  });

  test("preserves the types of records that are saved as objects, and reads them again", async () => {
    const directory = made("objects");
    const values = [-0, undefined, [1, new Map([["a", new Date(3)]])], "x".repeat(300_000), ["key", 1], ["key", 2]];
    const output = { directory, file: "part-00000" };
    await slot.done({ source: blocks, inputs: [slot.input(values)], sink: { kind: "saveObjects" }, output });
    const path = join(directory, "_temporary", "0-part-00000");
    const read = await slot.done({ source: blocks, inputs: [fileInput(path, 0, 1)] });
    expect(slot.results(read)).toEqual(values);
  });

  test("describes a file that does not contain records", async () => {
    const whole = encodeBlock([1, 2, 3], emptyClassTable);
    for (const [bytes, why] of [
      [Buffer.from("no frame begins like this"), "no frame begins"],
      [whole.subarray(0, whole.length - 8), "its last frame is truncated"],
      [whole.subarray(0, 10), "its last frame is truncated to 10 bytes"],
    ] as const) {
      const path = join(slot.directory, "strange");
      writeFileSync(path, bytes);
      await expect(slot.done({ source: blocks, inputs: [fileInput(path, 0, 1)] })).rejects.toThrow(
        new RegExp(`\\[INPUT_DAMAGED\\].*strange cannot be read as records: .*${why}`),
      );
    }
  });

  test("does not make the directory, which the driver removes when the save fails", async () => {
    const directory = locationFrom(join(slot.directory, "removed"));
    const output = { directory, file: "part-00000" };
    await expect(
      slot.done({ source: blocks, inputs: [slot.input(["late"])], sink: { kind: "saveText" }, output }),
    ).rejects.toThrow(/\[OUTPUT_FILE_FAILED\].*FILE_NOT_FOUND.*that the driver and all executors share/);
    expect(existsSync(directory)).toBe(false);
  });

  test("a failed attempt leaves no file", async () => {
    const directory = made("out");
    const outcome = await slot.run({
      source: blocks,
      inputs: [slot.input([1])],
      ops: [op("map", 0)],
      functions: [() => Promise.reject.call(null, 1)],
      sink: { kind: "saveText" },
      attempt: 3,
      output: { directory, file: "part-00000" },
    });
    expect(outcome.kind).toBe("failed");
    expect(existsSync(join(directory, "_temporary", "3-part-00000"))).toBe(false);
  });
});
