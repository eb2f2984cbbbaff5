import { expect, test } from "vitest";
import type { FileReader } from "./file-system.ts";
import { locationFrom } from "./location.ts";
import { readByOpening } from "./read-by-opening.ts";

const file = locationFrom("/a");

/** A file that says it has ten bytes, and how often it was closed. */
function tenBytes(there = "0123456789") {
  let closed = 0;
  const content = new TextEncoder().encode(there);
  const reader: FileReader = {
    path: file,
    bytes: 10,
    version: async () => "",
    async read(target, position) {
      const piece = content.subarray(position, position + target.length);
      target.set(piece);
      return piece.length;
    },
    close: async () => void closed++,
  };
  return { files: { open: async () => reader }, closed: () => closed };
}

const text = async (content: Promise<Uint8Array>): Promise<string> => Buffer.from(await content).toString();

test("a file is read whole, or a range of it as far as it exists, and closed", async () => {
  const { files, closed } = tenBytes();
  expect(await text(readByOpening(files, file))).toBe("0123456789");
  expect(await text(readByOpening(files, file, { start: 8, end: 12 }))).toBe("89");
  expect(await text(readByOpening(files, file, { start: 20, end: 30 }))).toBe("");
  expect(closed()).toBe(3);
});

test("a file that has become shorter since it was opened gives what there is", async () => {
  expect(await text(readByOpening(tenBytes("012").files, file))).toBe("012");
});
