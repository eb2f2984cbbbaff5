import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { encodeBlock } from "@millrace/codec";
import { locationFrom } from "@millrace/files";
import { operators } from "@millrace/operators";
import type { Source, StageSink } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, fileInput, op, TestSlot } from "../slot/test-slot.fixture.ts";
import { waitingFileSystems } from "./waiting-files.fixture.ts";

// Tasks must behave the same on a file system without blocking calls as on one with them.
const blocking = new TestSlot();
const waiting = new TestSlot({ files: waitingFileSystems() });
afterAll(() => {
  blocking.remove();
  waiting.remove();
});

/** Longer than a piece, with a line across each seam. */
const TEXT = Array.from({ length: 30_000 }, (_, n) => `line ${n}\n`).join("");

const sources: readonly [name: string, source: Source, bytes: Uint8Array][] = [
  ["lines", { kind: "text", input: 0 }, Buffer.from(TEXT)],
  ["zipped.gz", { kind: "text", input: 0 }, gzipSync(TEXT)],
  ["pieces", { kind: "bytes", input: 0 }, Buffer.from(TEXT)],
  ["records", { kind: "fixed", input: 0, recordBytes: 7 }, Buffer.from(TEXT).subarray(0, 45_000 * 7)],
  ["objects", blocks, encodeBlock([...TEXT.split("\n"), ["key", 1]], blocking.functions.classes)],
];

/** Bytes as text: the runner compares them one by one. */
const comparable = (record: unknown): unknown =>
  record instanceof Uint8Array ? Buffer.from(record).toString("base64") : record;

describe.each(sources)("a file that has to be waited for, read as %s", (name, source, bytes) => {
  const path = join(waiting.directory, name);
  writeFileSync(path, bytes);
  const read = async (slot: TestSlot, stage: object = {}) =>
    slot.results(await slot.done({ source, inputs: [fileInput(path)], ...stage })).map(comparable);

  test("yields the same records as with blocking calls", async () => {
    expect(await read(waiting)).toEqual(await read(blocking));
  });

  test("passes them to a function over whole partitions, and to one that takes only the first ones", async () => {
    const stage = { ops: [op("mapPartitions", 0)], functions: [(records: Iterable<unknown>) => [[...records].length]] };
    expect(await read(waiting, stage)).toEqual(await read(blocking, stage));
    expect(await read(waiting, { limit: 3 })).toEqual(await read(blocking, { limit: 3 }));
  });

  test("fails if it differs from what was listed, or is missing", async () => {
    const changing = join(waiting.directory, `changing-${name}`);
    writeFileSync(changing, bytes);
    const inputs = [fileInput(changing)];
    appendFileSync(changing, bytes);
    await expect(waiting.done({ source, inputs })).rejects.toMatchObject({ code: "FILE_CHANGED", retry: "never" });
    await expect(waiting.done({ source, inputs: [fileInput(`${path}-none`)] })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("or this executor does not see the storage"),
    });
  });
});

test("whole files that have to be waited for are read one after the other", async () => {
  const paths = ["one", "two.gz"].map((name) => join(waiting.directory, name));
  writeFileSync(join(waiting.directory, "one"), "1");
  writeFileSync(join(waiting.directory, "two.gz"), gzipSync("22"));
  const listed = paths.map((path) => [path, fileInput(path).version]);
  const stage = { ops: [op("mapPartitions", 0)], functions: [operators.readText.ref()] };
  const texts = paths.map((path, i) => [path, i === 0 ? "1" : "22"]);
  expect(await waiting.collect(listed, stage)).toEqual(texts);
  expect(await blocking.collect(listed, stage)).toEqual(texts);
  appendFileSync(join(waiting.directory, "one"), "1");
  await expect(waiting.collect(listed, stage)).rejects.toThrow("[FILE_CHANGED]");
});

describe("a file to be saved that has to be waited for", () => {
  const directory = join(waiting.directory, "out");
  const temporary = join(directory, "_temporary");
  mkdirSync(temporary, { recursive: true });
  const save = (kind: "saveText" | "saveObjects", file: string, records: readonly unknown[], fails = false) => {
    const sink: StageSink = { kind };
    const output = { directory: locationFrom(directory), file };
    const functions = [
      (record: unknown) => {
        if (fails && record === records.at(-1)) throw new Error("no such record");
        return record;
      },
    ];
    return waiting.run({
      source: blocks,
      inputs: [waiting.input(records)],
      ops: [op("map", 0)],
      functions,
      sink,
      output,
    });
  };
  const lines = TEXT.split("\n");

  test("has all that was written, in the pool while there is room and beyond, and is reported", async () => {
    const small = new TestSlot({ files: waitingFileSystems(), poolBytes: 1024 ** 2 });
    const output = { directory: locationFrom(directory), file: "part-00007" };
    const big = lines.map((line) => line.repeat(20));
    const done = await small.done({ source: blocks, inputs: [small.input(big)], sink: { kind: "saveText" }, output });
    const written = readFileSync(join(temporary, "0-part-00007"));
    expect(written.toString()).toBe(big.map((line) => `${line}\n`).join(""));
    expect(done).toMatchObject({ result: { kind: "written", file: { file: "0-part-00007", bytes: written.length } } });
    expect(small.spillFiles()).toEqual([]);
    small.remove();
  });

  test("is zipped, or holds objects, as elsewhere", async () => {
    await save("saveText", "part-00000.gz", lines);
    expect(gunzipSync(readFileSync(join(temporary, "0-part-00000.gz"))).toString()).toBe(`${TEXT}\n`);
    await save("saveObjects", "part-00000", lines);
    const inputs = [fileInput(join(temporary, "0-part-00000"))];
    expect(waiting.results(await waiting.done({ source: blocks, inputs }))).toEqual(lines);
  });

  test("leaves nothing when its task fails, and is not written where the driver has removed the directory", async () => {
    const before = readdirSync(temporary);
    expect(await save("saveText", "part-00001", lines, true)).toMatchObject({ kind: "failed" });
    expect(readdirSync(temporary)).toEqual(before);
    const output = { directory: locationFrom(join(waiting.directory, "removed")), file: "part-00000" };
    const late = waiting.done({ source: blocks, inputs: [waiting.input([1])], sink: { kind: "saveText" }, output });
    await expect(late).rejects.toThrow(/\[OUTPUT_FILE_FAILED\].*that the driver and all executors share/);
  });
});
