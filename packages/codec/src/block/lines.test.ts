import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyClassTable } from "../class-table.ts";
import { RUNS } from "../value/values.fixture.ts";
import { decodeFrame, frameLayout, frameRows, readFrames } from "./block-reader.ts";
import { LineBlockWriter, LineSplitter, linesFrame } from "./lines.ts";

const CHUNK = 3;
const FROM = { source: "the socket h:1", lineBytesMax: 1024 ** 2 };

/** The bytes in chunks of three, in memory that is reused like a socket's. */
function* chunksOf(bytes: Uint8Array): Iterable<Uint8Array> {
  const memory = new Uint8Array(new SharedArrayBuffer(CHUNK));
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const part = bytes.subarray(at, at + CHUNK);
    memory.fill(0x0a);
    memory.set(part);
    yield memory.subarray(0, part.length);
  }
}

function split(bytes: Uint8Array): string[] {
  const splitter = new LineSplitter(FROM);
  const lines: string[] = [];
  for (const chunk of chunksOf(bytes)) lines.push(...splitter.push(chunk));
  return [...lines, ...splitter.end()];
}

const rowsOf = (frames: readonly Uint8Array[]): unknown[] =>
  frames.flatMap((frame) => decodeFrame(frame, emptyClassTable));

function viaFrames(bytes: Uint8Array, frameBytesMax?: number): unknown[] {
  const writer = new LineBlockWriter(frameBytesMax === undefined ? FROM : { ...FROM, frameBytesMax });
  const rows: unknown[] = [];
  let i = 0;
  for (const chunk of chunksOf(bytes)) {
    writer.push(chunk);
    i += 1;
    if (i % 7 === 0) rows.push(...rowsOf(writer.takeFrames()));
  }
  writer.endOfInput();
  return [...rows, ...rowsOf(writer.takeFrames())];
}

/** The definition of a line, in one expression. */
function linesOf(bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes)
    .toString("utf8")
    .split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

const anyBytes = fc
  .array(fc.oneof(fc.constantFrom("\n", "\r", "\r\n", "ab", "é", "😀"), fc.nat(255)), { maxLength: 60 })
  .map((parts) => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part)))));

describe("lines", () => {
  test.each([
    ["end at \\n", "a\nb\n", ["a", "b"]],
    ["end at \\r\\n and at a \\r alone", "a\r\nb\r\r\n\rc\n", ["a", "b", "", "", "c"]],
    ["may be empty", "\n\r\n\n", ["", "", ""]],
    ["may lack the last \\n", "a\nb", ["a", "b"]],
    ["end at a \\r at the end of the input", "a\r", ["a"]],
    ["keep a byte-order mark", "\ufeffa\n", ["\ufeffa"]],
    ["are none in nothing", "", []],
  ])("%s", (_, text, lines) => {
    expect(split(Buffer.from(text))).toEqual(lines);
    expect(viaFrames(Buffer.from(text))).toEqual(lines);
  });

  test("with invalid UTF-8 have U+FFFD in its place, and only there", () => {
    const bytes = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xe2, 0x82, 0x0a, 0xc3, 0xa9, 0x0a]);
    expect(split(bytes)).toEqual(["a\ufffdb", "\ufffd", "é"]);
    expect(viaFrames(bytes)).toEqual(["a\ufffdb", "\ufffd", "é"]);
  });

  test("are the same however the bytes are split", () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom(1, 60, undefined), (bytes, frameBytesMax) => {
        expect(split(bytes)).toEqual(linesOf(bytes));
        expect(viaFrames(bytes, frameBytesMax)).toEqual(linesOf(bytes));
      }),
      { numRuns: 3 * RUNS },
    );
  });
});

describe("a line block writer", () => {
  test("counts whole lines and their bytes until the frames are taken", () => {
    const writer = new LineBlockWriter(FROM);
    writer.push(Buffer.from("ab\nc"));
    writer.push(Buffer.from("d\r\nrest"));
    expect([writer.records, writer.bytes]).toEqual([2, 6]);
    const frames = writer.takeFrames();
    expect(frames.map(frameRows)).toEqual([2]);
    expect([writer.records, writer.bytes]).toEqual([0, 0]);
    writer.push(Buffer.from(" of it\n"));
    expect(rowsOf(writer.takeFrames())).toEqual(["rest of it"]);
  });

  test("fills frames up to their limit, and makes a longer line a frame of its own", () => {
    const writer = new LineBlockWriter({ ...FROM, frameBytesMax: 1000 });
    writer.push(Buffer.from(`${"short line\n".repeat(500)}${"x".repeat(5000)}\nafter\n`));
    const frames = writer.takeFrames();
    const long = frames.findIndex((frame) => frame.length > 1000);
    expect(frames.map(frameRows).reduce((a, b) => a + b)).toBe(502);
    expect(frameRows(frames[long] as Uint8Array)).toBe(1);
    expect(frames.filter((frame) => frame.length > 1000).length).toBe(1);
    expect(frames.slice(0, long - 1).every((frame) => frame.length > 900)).toBe(true);
  });

  test("makes frames that follow each other in a block", () => {
    const writer = new LineBlockWriter({ ...FROM, frameBytesMax: 100 });
    writer.push(Buffer.from("some line\n".repeat(100)));
    const block = Buffer.concat(writer.takeFrames());
    expect([...readFrames(block)].every((frame) => frameLayout(frame) === "lines" && frame.length % 8 === 0)).toBe(
      true,
    );
  });

  const limited = { ...FROM, lineBytesMax: 100 };
  test.each([
    ["in a block", () => new LineBlockWriter(limited)],
    ["as strings", () => new LineSplitter(limited)],
  ])("refuses a line of more than line.bytes.max %s, whether it ends or not", (_, newSink) => {
    const tooLong = (offset: number) =>
      expect.objectContaining({
        code: "LINE_TOO_LONG",
        message: expect.stringContaining(
          `a line of the socket h:1 is longer than 100 B (line.bytes.max) after ${offset} bytes`,
        ),
        fields: { source: "the socket h:1", offset, lineBytesMax: 100 },
      });
    const endless = newSink();
    endless.push(Buffer.from("fine\r\n"));
    endless.push(Buffer.alloc(90, "x"));
    expect(() => endless.push(Buffer.alloc(90, "x"))).toThrow(tooLong(96));
    const ended = newSink();
    ended.push(Buffer.from(`${"x".repeat(100)}\n${"y".repeat(60)}`));
    expect(() => ended.push(Buffer.from(`${"y".repeat(41)}\n`))).toThrow(tooLong(161));
  });
});

describe("a frame of lines", () => {
  test("keeps the bytes unchanged", () => {
    const frame = linesFrame(Buffer.from("a\nbé\n\nc"));
    expect(frame && decodeFrame(frame, emptyClassTable)).toEqual(["a", "bé", "", "c"]);
    expect(linesFrame(new Uint8Array(0))).toBeUndefined();
  });
});
