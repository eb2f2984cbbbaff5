import { locationFrom } from "@millrace/files";
import type { FileRange } from "@millrace/plan";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FilePieces } from "../files/pieces.ts";
import { TextFeeder } from "./text-feeder.ts";
import { ZippedTextFeeder } from "./zipped-text-feeder.ts";

const MARK = Buffer.from("\ufeff");
const lineBytesMax = 1000;
const onRecords = (): void => {};

/** The bytes from `start` on, in pieces whose memory is used again, as those of a file are. */
function* piecesOf(bytes: Uint8Array, start: number, size: number): Generator<Uint8Array, void, undefined> {
  const memory = new Uint8Array(size);
  for (let at = start; at < bytes.length; at += size) {
    memory.fill(0x0a);
    memory.set(bytes.subarray(at, at + size));
    yield memory.subarray(0, Math.min(size, bytes.length - at));
  }
}

/** As a file system gives them that makes its readers wait, or does not. */
function filePieces(pieces: Iterator<Uint8Array>, later = false): FilePieces {
  const next = (): Uint8Array | undefined => {
    const step = pieces.next();
    return step.done === true ? undefined : step.value;
  };
  return { later, next, nextLater: async () => next(), verify: () => {}, close: () => {} };
}

function linesOfRange(bytes: Uint8Array, start: number, end: number, pieceSize: number): unknown[] {
  const range: FileRange = { kind: "file", path: locationFrom("f"), start, end, version: "1" };
  const read = (_: FileRange, from: number) => filePieces(piecesOf(bytes, from, pieceSize));
  const feeder = new TextFeeder({ range, read, lineBytesMax, onRecords });
  const lines: unknown[] = [];
  while (feeder.next()) lines.push(...Array.from(feeder.rows ?? []));
  feeder.close();
  return lines;
}

async function linesOfZipped(bytes: Uint8Array, pieceSize: number): Promise<unknown[]> {
  async function* pieces() {
    yield* piecesOf(bytes, 0, pieceSize);
  }
  const feeder = new ZippedTextFeeder({ path: "f.gz", pieces: pieces(), lineBytesMax, onRecords });
  const lines: unknown[] = [];
  while (await feeder.nextLater()) lines.push(...Array.from(feeder.rows ?? []));
  return lines;
}

/** The definition of a line, as one expression. */
function linesOf(bytes: Uint8Array): string[] {
  const lines = Buffer.from(bytes)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

const part = fc.oneof(fc.constantFrom("\n", "\r", "\r\n", "\r\r\n", "ab", "é", "\ufeff"), fc.nat(255));
const anyText = fc
  .tuple(fc.boolean(), fc.array(part, { maxLength: 40 }))
  .map(([marked, parts]) =>
    Buffer.concat([
      marked ? MARK : Buffer.alloc(0),
      ...parts.map((one) => (typeof one === "string" ? Buffer.from(one) : Buffer.of(one))),
    ]),
  );

test("lines are the same from any ranges, in any pieces, plain and zipped, and each is in the range in which it begins", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyText,
      fc.array(fc.nat(60), { maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (bytes, cuts, size) => {
        const expected = linesOf(bytes);
        const bounds = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const ranged = bounds.slice(1).map((end, i) => linesOfRange(bytes, bounds[i] ?? 0, end, size));
        expect(ranged.flat()).toEqual(expected);
        expect(await linesOfZipped(bytes, size)).toEqual(expected);
      },
    ),
    { numRuns: 2000 },
  );
});

describe("a byte-order mark", () => {
  test.each([
    ["goes at the beginning of a file", "\ufeffa\nb", ["a", "b"]],
    ["stays anywhere else", "a\n\ufeffb\ufeff", ["a", "\ufeffb\ufeff"]],
    ["goes once", "\ufeff\ufeffa", ["\ufeffa"]],
    ["alone is no line", "\ufeff", []],
    ["before an end is an empty line", "\ufeff\n", [""]],
  ])("%s", async (_, text, lines) => {
    const bytes = Buffer.from(text);
    expect(linesOfRange(bytes, 0, bytes.length, 100)).toEqual(lines);
    expect(linesOfRange(bytes, 0, bytes.length, 2)).toEqual(lines);
    expect(await linesOfZipped(bytes, 100)).toEqual(lines);
  });
});
