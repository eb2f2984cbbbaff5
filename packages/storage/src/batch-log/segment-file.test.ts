import { crc32 } from "node:zlib";
import { EngineError } from "@millrace/base";
import { describe, expect, test } from "vitest";
import { decodeSegment, encodeEntry, encodeSegmentHeader, type RawEntry } from "./segment-file.ts";

const ID = { epoch: 3, number: 7 };
const ENTRIES: readonly RawEntry[] = [
  { kind: "base", payload: Buffer.from('{"a":[1,2,3]}') },
  { kind: "planned", payload: Buffer.from("{}") },
  { kind: "committed", payload: Buffer.from('{"time":1000,"states":["totals"]}') },
];
const segment = (): Buffer => Buffer.concat([encodeSegmentHeader(ID), ...ENTRIES.map(encodeEntry)]);
const plain = (entries: readonly RawEntry[]) => entries.map(({ kind, payload }) => [kind, String(payload)]);

function read(bytes: Uint8Array, newest = true) {
  try {
    return plain(decodeSegment("3-7.log", ID, bytes, newest));
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
}

/** Changes a field of a head, and its checksum. */
function withField(at: number, change: (bytes: Buffer) => void): Buffer {
  const bytes = segment();
  change(bytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(at, at + 16)), at + 16);
  return bytes;
}

describe("a segment", () => {
  test("is read as it was written", () => {
    expect(read(segment())).toEqual(plain(ENTRIES));
  });

  test("with any bit flipped is refused", () => {
    const bytes = segment();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const wrong = Buffer.from(bytes);
      wrong[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect([bit, read(wrong)]).toEqual([bit, "CHECKPOINT_DAMAGED"]);
    }
  });

  test("cut off anywhere has the entries before the cut if it is the newest, and is refused otherwise", () => {
    const bytes = segment();
    const ends = [20, 20 + 33, 20 + 33 + 22]; // where an entry begins
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      const entries = ends.filter((end) => end <= length).length - 1;
      expect([length, read(cut)]).toEqual([
        length,
        length < 20 ? "CHECKPOINT_DAMAGED" : plain(ENTRIES.slice(0, entries)),
      ]);
      expect([length, read(cut, false)]).toEqual([
        length,
        ends.includes(length) ? plain(ENTRIES.slice(0, entries)) : "CHECKPOINT_DAMAGED",
      ]);
    }
  });

  test("of a newer format is refused as newer", () => {
    expect(read(withField(0, (bytes) => bytes.writeUInt16LE(3, 4)))).toBe("CHECKPOINT_NEWER");
  });

  test("of an older format is refused as older", () => {
    expect(read(withField(0, (bytes) => bytes.writeUInt16LE(1, 4)))).toBe("CHECKPOINT_OLDER");
  });

  test("with an entry of an unknown kind is read without it if it may be skipped, and else is newer", () => {
    const second = 20 + 33;
    expect(read(withField(second, (bytes) => bytes.writeUInt16LE(99, second + 4)))).toBe("CHECKPOINT_NEWER");
    const skippable = withField(second, (bytes) => {
      bytes.writeUInt16LE(99, second + 4);
      bytes.writeUInt16LE(1, second + 6);
    });
    expect(read(skippable)).toEqual(plain(ENTRIES.filter(({ kind }) => kind !== "planned")));
  });

  test("under another name is refused", () => {
    expect(() => decodeSegment("3-8.log", { epoch: 3, number: 8 }, segment(), true)).toThrow(
      /it is 3-7: it was renamed/,
    );
  });
});
