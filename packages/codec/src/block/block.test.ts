import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyString, anyValue, classes, identical, Point, RUNS } from "../value/values.fixture.ts";
import {
  decodeBlock,
  decodeColumnFrame,
  decodeFrame,
  decodePairFrame,
  frameLayout,
  frameRows,
  readFrames,
} from "./block-reader.ts";
import { BlockWriter, encodeBlock } from "./block-writer.ts";

const coded = (code: string): unknown => expect.objectContaining({ code });

/** Frames as a store keeps them: copied, in shared memory, at an odd offset. */
function framesOf(rows: readonly unknown[], frameBytesMax?: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new BlockWriter({
    classes,
    flush(frame) {
      const kept = new Uint8Array(new SharedArrayBuffer(frame.length + 1), 1);
      kept.set(frame);
      frame.fill(0xff); // the writer reuses its memory: nobody may rely on the view
      frames.push(kept);
    },
    ...(frameBytesMax === undefined ? {} : { frameBytesMax }),
  });
  for (const row of rows) writer.write(row);
  writer.finish();
  expect(writer.records).toBe(rows.length);
  expect(writer.bytes).toBe(frames.reduce((sum, frame) => sum + frame.length, 0));
  return frames;
}

const rowsOf = (frames: readonly Uint8Array[]): unknown[] => frames.flatMap((frame) => decodeFrame(frame, classes));

const int32 = fc.integer();
const pair = (second: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(fc.tuple(anyString, second), { maxLength: 12 });
const anyRows: fc.Arbitrary<unknown[]> = fc.oneof(
  fc.array(anyString),
  fc.array(int32),
  fc.array(fc.double()),
  pair(int32),
  pair(fc.double()),
  pair(fc.tuple(int32, fc.tuple(anyString, fc.tuple(anyString, int32)))),
  pair(anyValue),
  fc.array(anyValue, { maxLength: 12 }),
  fc.array(fc.oneof(anyString, int32, fc.tuple(anyString, int32), fc.constant(undefined))),
);

describe("the rows of a block", () => {
  test("are decoded with any values, in order", () => {
    fc.assert(
      fc.property(anyRows, fc.constantFrom(1, 64, 1000, undefined), (rows, frameBytesMax) =>
        identical(rowsOf(framesOf(rows, frameBytesMax)), rows),
      ),
      { numRuns: 2 * RUNS },
    );
  });

  test("are decoded from contiguous memory too", () => {
    fc.assert(
      fc.property(anyRows, (rows) => identical(decodeBlock(encodeBlock(rows, classes), classes), rows)),
      { numRuns: RUNS },
    );
  });

  test("are as they were when written, even if the objects change later", () => {
    const row = ["k", { n: 1 }] as [string, { n: number }]; // what the literal says
    const frames: Uint8Array[] = [];
    const writer = new BlockWriter({ classes, flush: (frame) => frames.push(frame.slice()) });
    for (let n = 1; n <= 3; n += 1) {
      row[1].n = n;
      writer.write(row);
    }
    writer.finish();
    expect(rowsOf(frames)).toEqual([
      ["k", { n: 1 }],
      ["k", { n: 2 }],
      ["k", { n: 3 }],
    ]);
  });

  test("may be none", () => {
    expect(encodeBlock([], classes).length).toBe(0);
    expect(decodeBlock(new Uint8Array(0), classes)).toEqual([]);
  });
});

describe("the layout of a frame", () => {
  const layoutOf = (rows: unknown[]): string => framesOf(rows).map(frameLayout).join();

  test.each([
    ["strings", ["a", "b"]],
    ["int32", [1, -(2 ** 31), 2 ** 31 - 1]],
    ["float64", [1, 0.5]],
    ["float64", [2 ** 31]],
    ["float64", [-0]],
    ["float64", [1, Number.NaN]],
    ["pairs", [["a", 1]]],
    ["pairs", [[{}, undefined]]],
    ["values", [["a", 1, 2]]],
    ["values", [new Array(2)]],
    ["values", [true]],
    ["values", ["a", 1]],
    ["values", [[1, 2], 3]],
  ])("is %s for %j", (layout, rows) => expect(layoutOf(rows)).toBe(layout));

  test("gives one byte to a latin1 character and two to others", () => {
    const bytes = (text: string): number => framesOf([text])[0]?.length ?? 0;
    expect(bytes("é".repeat(1000)) - bytes("")).toBe(1000);
    expect(bytes("語".repeat(1000)) - bytes("")).toBe(2000);
  });

  test("is determined again some frames after mixed rows", () => {
    const rows = ["a", 1, ...new Array<string>(40).fill("b")];
    const layouts = framesOf(rows, 1).map(frameLayout);
    expect(layouts.slice(0, 3)).toEqual(["strings", "int32", "strings"]);
    const mixed = ["x".repeat(50), 1, ...new Array<string>(2000).fill("c".repeat(60))];
    expect(framesOf(mixed, 200).map(frameLayout).at(0)).toBe("values");
    expect(framesOf(mixed, 200).map(frameLayout).at(-1)).toBe("strings");
  });
});

describe("a frame of pairs", () => {
  test("yields its columns without tuples, numbers in typed arrays", () => {
    const [frame] = framesOf([
      ["a", 1],
      ["b", 2],
    ]);
    expect(decodePairFrame(frame as Uint8Array, classes)).toEqual({
      rows: 2,
      keys: ["a", "b"],
      values: Int32Array.of(1, 2),
    });
  });

  test("is the same when written as key and value", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyValue, fc.oneof(int32, anyValue)), { maxLength: 12 }), (pairs) => {
        const frames: Uint8Array[] = [];
        const writer = new BlockWriter({ classes, flush: (frame) => frames.push(frame.slice()) });
        for (const [key, value] of pairs) writer.writePair(key, value);
        writer.finish();
        expect(identical(rowsOf(frames), pairs)).toBe(true);
        const columns = frames.map((frame) => decodePairFrame(frame, classes));
        expect(columns.every((column) => column !== undefined)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  test("may mix with other rows", () => {
    const frames: Uint8Array[] = [];
    const writer = new BlockWriter({ classes, flush: (frame) => frames.push(frame.slice()) });
    writer.write("alone");
    writer.writePair("k", 1);
    writer.write([1, 2, 3]);
    writer.finish();
    expect(rowsOf(frames)).toEqual(["alone", ["k", 1], [1, 2, 3]]);
  });

  test("is distinguished from other frames", () => {
    const [frame] = framesOf([1]);
    expect(decodePairFrame(frame as Uint8Array, classes)).toBeUndefined();
    expect(decodeColumnFrame(frame as Uint8Array, classes)).toEqual(Int32Array.of(1));
  });

  test("yields columns that outlive its memory", () => {
    const [frame] = framesOf([["text of some length", 1.5]]);
    const columns = decodePairFrame(frame as Uint8Array, classes);
    frame?.fill(0);
    expect(columns).toEqual({ rows: 1, keys: ["text of some length"], values: Float64Array.of(1.5) });
  });
});

describe("the size of frames", () => {
  test.each([
    ["strings", (i: number) => `some text ${i}`],
    ["numbers", (i: number) => i / 3],
    ["pairs", (i: number) => [`key ${i}`, i]],
    ["objects", (i: number) => ({ name: `n${i}`, at: i })],
    ["text beyond latin1", (i: number) => `語${i}`],
  ])("is near its bound for %s", (_, make) => {
    const frames = framesOf(
      Array.from({ length: 5000 }, (_, i) => make(i)),
      10_000,
    );
    expect(frames.length).toBeGreaterThan(3);
    for (const frame of frames.slice(1, -1)) {
      expect(frame.length).toBeGreaterThan(4_000);
      expect(frame.length).toBeLessThan(16_000);
    }
  });

  test("is that of the record when a single one is larger", () => {
    const rows = ["x".repeat(50_000), "y".repeat(50_000)];
    expect(framesOf(rows, 1000).map(frameRows)).toEqual([1, 1]);
  });

  test("is always a multiple of 8, so that consecutive frames stay aligned", () => {
    fc.assert(
      fc.property(anyRows, (rows) => framesOf(rows, 100).every((frame) => frame.length % 8 === 0)),
      { numRuns: RUNS },
    );
  });
});

describe("a record that cannot be encoded", () => {
  test("is refused by the path to it", () => {
    const writer = new BlockWriter({ classes, flush: () => undefined });
    expect(() => writer.write(["k", { socket: () => 1 }])).toThrow(/RECORD_NOT_ENCODABLE.*record\[1\]\.socket/);
  });

  test("is refused by the path to it as a pair", () => {
    const writer = new BlockWriter({ classes, flush: () => undefined });
    writer.writePair("k", 1);
    expect(() => writer.writePair("k", Symbol("s"))).toThrow(/RECORD_NOT_ENCODABLE.*record\[1\] is a symbol/);
  });
});

describe("a damaged block", () => {
  const read = (block: Uint8Array): unknown => decodeBlock(block, classes);
  const blocks = fc
    .tuple(anyRows, fc.constantFrom(100, undefined))
    .map(([rows, bytes]) => Buffer.concat(framesOf(rows, bytes)));

  test("is reported when it is truncated", () => {
    fc.assert(
      fc.property(blocks, fc.double({ min: 0, max: 0.9999, noNaN: true }), (block, part) => {
        const cut = block.subarray(0, Math.floor(block.length * part));
        const boundaries = new Set([0]);
        let end = 0;
        for (const frame of readFrames(block)) {
          end += frame.length;
          boundaries.add(end);
        }
        if (!boundaries.has(cut.length)) expect(() => read(cut)).toThrow(coded("BLOCK_CORRUPT"));
      }),
      { numRuns: RUNS },
    );
  });

  test("yields rows or an error when it is changed", () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0xff)));
    fc.assert(
      fc.property(blocks, fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (block, changes, early) => {
        if (block.length === 0) return;
        for (const [at, byte] of changes) block[at % Math.min(block.length, early ? 64 : block.length)] = byte;
        try {
          read(block);
          for (const frame of readFrames(block)) decodePairFrame(frame, classes);
        } catch (error) {
          expect(error).toEqual(coded("BLOCK_CORRUPT"));
        }
      }),
      { numRuns: 5 * RUNS },
    );
  });

  test("is reported when it is not a block", () => {
    expect(() => read(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))).toThrow("no frame begins");
    expect(() => read(Buffer.alloc(7))).toThrow(coded("BLOCK_CORRUPT"));
  });

  test("is reported when another version wrote it, with the versions", () => {
    const block = encodeBlock([1], classes);
    block[4] = 7;
    expect(() => read(block)).toThrow("format version 7 and hash version 1, this engine reads 1 and 1");
  });

  test("takes no memory for rows that it merely claims", () => {
    const block = encodeBlock(["a"], classes);
    new DataView(block.buffer).setUint32(8, 2 ** 32 - 1, true);
    expect(() => read(block)).toThrow(coded("BLOCK_CORRUPT"));
  });

  test("is reported when bytes follow a frame", () => {
    const block = encodeBlock([new Point(1, 2)], classes);
    expect(() => decodeFrame(Buffer.concat([block, block]), classes)).toThrow(coded("BLOCK_CORRUPT"));
  });
});
