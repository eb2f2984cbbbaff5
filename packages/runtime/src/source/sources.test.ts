import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Feed, fnSlot, type JoinKind, type Source } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, fileInput, op, shuffle, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

const feed = (input: number): Feed => ({ kind: "shuffle", input });
const add = (a: number, b: number) => a + b;

describe("a text split", () => {
  const text = "one\ntwo\r\nthree\n\nfünf\nlast";
  mkdirSync(slot.directory, { recursive: true });
  const path = join(slot.directory, "in.txt");
  writeFileSync(path, text);
  const bytes = Buffer.byteLength(text);

  const lines = (start: number, end: number) =>
    slot
      .done({ source: { kind: "text", input: 0 }, inputs: [fileInput(path, start, end)] })
      .then((d) => slot.results(d));

  test("of the whole file yields its lines without line ends", async () => {
    expect(await lines(0, bytes)).toEqual(["one", "two", "three", "", "fünf", "last"]);
  });

  test("at any cut yields each line once, in the split in which it begins", async () => {
    for (let cut = 0; cut <= bytes; cut++) {
      const both = [...(await lines(0, cut)), ...(await lines(cut, bytes))];
      expect(both, `cut at ${cut}`).toEqual(["one", "two", "three", "", "fünf", "last"]);
    }
    expect(await lines(4, 5)).toEqual(["two"]);
    expect(await lines(5, 6)).toEqual([]);
  });

  test("keeps invalid UTF-8 as U+FFFD", async () => {
    writeFileSync(join(slot.directory, "bad.txt"), Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]));
    const done = await slot.done({
      source: { kind: "text", input: 0 },
      inputs: [fileInput(join(slot.directory, "bad.txt"), 0, 5)],
    });
    expect(slot.results(done)).toEqual(["a\ufffd", "b"]);
  });

  test("with lines across reads yields them whole", async () => {
    const long = join(slot.directory, "long.txt");
    const expected = Array.from({ length: 9 }, (_, i) => String(i).repeat(100_000));
    writeFileSync(long, expected.join("\n"));
    const done = await slot.done({
      source: { kind: "text", input: 0 },
      inputs: [fileInput(long, 0, 900_008)],
    });
    expect(slot.results(done)).toEqual(expected);
    expect(done.metrics.recordsIn).toBe(9);
  });

  test("of a zipped file are unzipped, of several members too, also before a function of the whole partition", async () => {
    const path = join(slot.directory, "lines.gz");
    const lines = Array.from({ length: 100_000 }, (_, n) => `line ${n}`);
    writeFileSync(
      path,
      Buffer.concat([gzipSync(`${lines.slice(0, 10).join("\n")}\n`), gzipSync(lines.slice(10).join("\r\n"))]),
    );
    const source: Source = { kind: "text", input: 0 };
    const inputs = [fileInput(path, 0, 1)];
    const done = await slot.done({ source, inputs });
    expect(slot.results(done)).toEqual(lines);
    expect(done.metrics.recordsIn).toBe(100_000);
    const count = (records: Iterable<string>) => [[...records].length];
    const counted = await slot.done({ source, inputs, ops: [op("mapPartitions", 0)], functions: [count] });
    expect(slot.results(counted)).toEqual([100_000]);
    const first = await slot.done({ source, inputs, limit: 2 });
    expect(slot.results(first)).toEqual(["line 0", "line 1"]);
  });

  test("of a zipped file that has vanished, or is damaged, say which", async () => {
    const read = (name: string) =>
      slot.done({
        source: { kind: "text", input: 0 },
        inputs: [fileInput(join(slot.directory, name), 0, 1)],
      });
    await expect(read("gone.gz")).rejects.toThrow(/\[FILE_NOT_FOUND\] the input file .*gone\.gz could not be opened/);
    const zipped = gzipSync("some text".repeat(100));
    writeFileSync(join(slot.directory, "cut.gz"), zipped.subarray(0, 15));
    await expect(read("cut.gz")).rejects.toThrow(
      /\[INPUT_DAMAGED\] .*cut\.gz .*ends prematurely.*rename it into place/,
    );
    writeFileSync(join(slot.directory, "plain.gz"), "some text");
    await expect(read("plain.gz")).rejects.toThrow(/\[INPUT_DAMAGED\] .*does not begin like a gzip file.*another name/);
    writeFileSync(join(slot.directory, "tail.gz"), Buffer.concat([zipped, Buffer.from("some text")]));
    await expect(read("tail.gz")).rejects.toThrow(
      /\[INPUT_DAMAGED\] .*tail\.gz .*it begins like a gzip file, but bytes that are not gzip data follow/,
    );
    writeFileSync(join(slot.directory, "bad.gz"), zipped.with(-6, 1));
    await expect(read("bad.gz")).rejects.toThrow(/\[INPUT_DAMAGED\] .*its bytes are damaged.*gzip -t/);
  });

  test("of a file that has vanished names it", async () => {
    const gone = join(slot.directory, "gone.txt");
    await expect(slot.done({ source: { kind: "text", input: 0 }, inputs: [fileInput(gone, 0, 5)] })).rejects.toThrow(
      /\[FILE_NOT_FOUND\] the input file .*gone\.txt could not be opened: nothing exists/,
    );
  });
});

describe("bytes of a file", () => {
  const path = join(slot.directory, "in.bin");
  const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => i % 251);
  writeFileSync(path, bytes);

  const joined = (records: readonly unknown[]) => Buffer.concat(records as Uint8Array[]); // of this source all are bytes
  const read = (source: Source, start: number, end: number) =>
    slot.done({ source, inputs: [fileInput(path, start, end)] });

  test("are records of fixed length, even across reads, each with memory of its own", async () => {
    const fixed: Source = { kind: "fixed", input: 0, recordBytes: 7 };
    const done = await read(fixed, 14, 699_986);
    const records = slot.results(done);
    expect(done.metrics.recordsIn).toBe(99_996);
    expect(records).toHaveLength(99_996);
    expect(joined(records).equals(bytes.subarray(14, 699_986))).toBe(true);
  });

  test("may be records longer than a read", async () => {
    const done = await read({ kind: "fixed", input: 0, recordBytes: 350_000 }, 0, 700_000);
    const records = slot.results(done);
    expect(records).toHaveLength(2);
    expect(joined(records).equals(bytes)).toBe(true);
  });

  test("are pieces that stay valid, up to the end of the range", async () => {
    const ops = [op("mapPartitions", 0)];
    const keepAll = (pieces: Iterable<Uint8Array>) => [...pieces];
    const source: Source = { kind: "bytes", input: 0 };
    const done = await slot.done({
      source,
      ops,
      functions: [keepAll],
      inputs: [fileInput(path, 0, 600_000)],
    });
    expect(joined(slot.results(done)).equals(bytes.subarray(0, 600_000))).toBe(true);
  });

  test("of a file that is shorter than its range fail", async () => {
    await expect(read({ kind: "fixed", input: 0, recordBytes: 100 }, 699_900, 700_100)).rejects.toThrow(
      /\[INPUT_FILE_FAILED\] the input file .*in\.bin ends at byte 700000, but had 700100/,
    );
  });
});

describe("a shuffle's reduce partition", () => {
  const first = () =>
    slot.input([
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ]);

  test("without aggregation yields the records as written", async () => {
    const done = await slot.done({ source: shuffle({ kind: "none" }), inputs: [first()] });
    expect(slot.results(done)).toEqual([
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ]);
  });

  test("grouped yields the values in map order", async () => {
    const done = await slot.done({ source: shuffle({ kind: "group" }), inputs: [first()] });
    expect(slot.results(done)).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
  });

  test("combined by the map side only merges combiners", async () => {
    const combine = {
      kind: "combine",
      mapSide: true,
      create: fnSlot(0),
      mergeValue: fnSlot(0),
      mergeCombiners: fnSlot(1),
    } as const;
    const never = () => {
      throw new Error("not on the reduce side");
    };
    const done = await slot.done({ source: shuffle(combine), inputs: [first()], functions: [never, add] });
    expect(slot.results(done)).toEqual([
      ["a", 4],
      ["b", 2],
    ]);
  });

  test("combined on the reduce side creates and merges values", async () => {
    const combine = {
      kind: "combine",
      mapSide: false,
      create: fnSlot(0),
      mergeValue: fnSlot(1),
      mergeCombiners: fnSlot(2),
    } as const;
    const done = await slot.done({
      source: shuffle(combine),
      inputs: [first()],
      functions: [
        (v: number) => [v],
        (c: number[], v: number) => [...c, v],
        (a: number[], b: number[]) => [...a, ...b],
      ],
    });
    expect(slot.results(done)).toEqual([
      ["a", [1, 3]],
      ["b", [2]],
    ]);
  });

  test("keys are equal by value, of all kinds", async () => {
    const keys = [
      1,
      "1",
      1n,
      true,
      null,
      undefined,
      new Date(1),
      Number.NaN,
      0,
      [1, "a"],
      { x: 1, y: 2 },
      "a long key beyond the short table",
    ];
    const again = [
      1,
      "1",
      1n,
      true,
      null,
      undefined,
      new Date(1),
      Number.NaN,
      -0,
      [1, "a"],
      { y: 2, x: 1 },
      "a long key beyond the short table",
    ];
    const done = await slot.done({
      source: shuffle({ kind: "group" }),
      inputs: [slot.input([...keys.map((k, i) => [k, i]), ...again.map((k, i) => [k, i])])],
    });
    expect(slot.results(done)).toEqual(keys.map((k, i) => [k, [i, i]]));
  });

  test("a key that cannot be compared is refused by type", async () => {
    await expect(
      slot.collect([1], {
        ops: [op("map", 0)],
        functions: [() => [new Map(), 1]],
        sink: { kind: "shuffle", partitioner: { kind: "hash", partitions: 2 } },
      }),
    ).rejects.toThrow(/\[KEY_NOT_COMPARABLE\] map at job\.ts:1:1: .*Map/);
  });
});

describe("two feeds by key", () => {
  const left = () =>
    slot.input([
      ["a", 1],
      ["b", 2],
      ["a", 3],
    ]);
  const right = () =>
    slot.input([
      ["a", "x"],
      ["c", "y"],
      ["a", "z"],
    ]);
  const join = (how: JoinKind): Source => ({ kind: "join", how, feeds: [feed(0), feed(1)] });
  const run = async (source: Source) => slot.results(await slot.done({ source, inputs: [left(), right()] }));

  test("cogroup yields all values of both sides for every key, in the order of first occurrence", async () => {
    expect(await run({ kind: "cogroup", feeds: [feed(0), feed(1)] })).toEqual([
      [
        "a",
        [
          [1, 3],
          ["x", "z"],
        ],
      ],
      ["b", [[2], []]],
      ["c", [[], ["y"]]],
    ]);
  });

  const both = [
    ["a", [1, "x"]],
    ["a", [1, "z"]],
    ["a", [3, "x"]],
    ["a", [3, "z"]],
  ];
  test.each([
    ["inner", both],
    ["left", [...both, ["b", [2, undefined]]]],
    ["right", [...both, ["c", [undefined, "y"]]]],
    ["full", [...both, ["b", [2, undefined]], ["c", [undefined, "y"]]]],
    ["without", [["b", 2]]],
  ] as const)("%s join", async (how, expected) => {
    expect(await run(join(how))).toEqual(expected);
  });

  test("a feed may be a pipeline computed in the task", async () => {
    const source: Source = {
      kind: "join",
      how: "inner",
      feeds: [
        { kind: "pipeline", pipeline: { source: blocks, ops: [op("mapPartitions", 0), op("mapValues", 1)] } },
        feed(1),
      ],
    };
    const done = await slot.done({
      source,
      inputs: [left(), right()],
      functions: [async (pairs: Iterable<unknown>) => [...pairs].slice(0, 1), (n: number) => n * 100],
    });
    expect(slot.results(done)).toEqual([
      ["a", [100, "x"]],
      ["a", [100, "z"]],
    ]);
  });

  test("a key with thousands of values on both sides is joined in pieces", async () => {
    const many = slot.input(Array.from({ length: 1200 }, (_, i) => ["k", i]));
    const done = await slot.done({ source: join("inner"), inputs: [many, many], sink: { kind: "count" } });
    expect(slot.results(done)).toEqual([1_440_000]);
  });
});
