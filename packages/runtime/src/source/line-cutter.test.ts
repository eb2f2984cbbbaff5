import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { fileInput, TestSlot } from "../slot/test-slot.fixture.ts";

const MAX = 300_000; // more than a piece of a file, and no multiple of one
const slot = new TestSlot({ lineBytesMax: MAX });
const tiny = new TestSlot({ lineBytesMax: 5 });
afterAll(() => {
  slot.remove();
  tiny.remove();
});

const read = async (at: TestSlot, path: string) =>
  at.results(await at.done({ source: { kind: "text", input: 0 }, inputs: [fileInput(path)] }));

describe.each([
  ["plain", (text: string) => Buffer.from(text), ""],
  ["zipped.gz", (text: string) => gzipSync(text), " of the decompressed text"],
])("a line of a %s file", (name, bytesOf, where) => {
  const put = (at: TestSlot, text: string): string => {
    const path = join(at.directory, name);
    writeFileSync(path, bytesOf(text));
    return path;
  };

  test("may be as long as the limit, with an end or without", async () => {
    const line = "x".repeat(MAX);
    expect(await read(slot, put(slot, `a\n${line}\n${line}`))).toEqual(["a", line, line]);
    expect(await read(tiny, put(tiny, "12345\n\n12345"))).toEqual(["12345", "", "12345"]);
  });

  test.each([
    ["after others", `first\n${"x".repeat(MAX + 1)}\nlast\n`, 6],
    ["the last, without an end", `first\n\n${"x".repeat(MAX + 1)}`, 7],
    ["the first", `${"x".repeat(MAX + 1)}\nlast\n`, 0],
  ])("is refused when it is longer, by file and offset: %s", async (_, text, offset) => {
    const error = { code: "LINE_TOO_LONG", fields: { path: expect.stringContaining(name), offset, lineBytesMax: MAX } };
    const path = put(slot, text);
    await expect(read(slot, path)).rejects.toMatchObject(error);
    await expect(read(slot, path)).rejects.toThrow(`${name} that begins at byte ${offset}${where} is longer than`);
  });

  test("is refused within one piece, too", async () => {
    await expect(read(tiny, put(tiny, "12345\n1\n123456\n1\n"))).rejects.toMatchObject({ fields: { offset: 8 } });
    await expect(read(tiny, put(tiny, "1\n123456"))).rejects.toMatchObject({ fields: { offset: 2 } });
  });
});
