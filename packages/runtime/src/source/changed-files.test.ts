import { appendFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeBlock } from "@millrace/codec";
import { operators, type Slices } from "@millrace/operators";
import type { Source } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { blocks, fileInput, op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

const LINES = "old 1\nold 2\nold 3\nold 4\n";
const changed = { code: "FILE_CHANGED", retry: "never" };

/** Sources of a file, with bytes that each of them can read. */
const sources: readonly [name: string, source: Source, bytes: Uint8Array][] = [
  ["lines", { kind: "text", input: 0 }, Buffer.from(LINES)],
  ["zipped.gz", { kind: "text", input: 0 }, gzipSync(LINES)],
  ["pieces", { kind: "bytes", input: 0 }, Buffer.from(LINES)],
  ["records", { kind: "fixed", input: 0, recordBytes: 6 }, Buffer.from(LINES)],
  ["objects", blocks, encodeBlock(["a", "b"], slot.functions.classes)],
];

describe.each(sources)("a file that is not what was listed, read as %s", (name, source, bytes) => {
  const path = join(slot.directory, name);
  const read = async (change: () => void) => {
    writeFileSync(path, bytes);
    utimesSync(path, 1000, 1000);
    const inputs = [fileInput(path)];
    change();
    return slot.done({ source, inputs });
  };
  const replaced = (by: Uint8Array): void => {
    writeFileSync(`${path}.next`, by);
    renameSync(`${path}.next`, path);
  };

  test("fails when another was moved over it: shorter, longer, or as long", async () => {
    for (const other of [bytes.subarray(1), Buffer.concat([bytes, bytes]), bytes]) {
      await expect(read(() => replaced(other))).rejects.toMatchObject(changed);
    }
  });

  test("fails when it was rewritten in place, appended to, or touched", async () => {
    for (const change of [
      () => writeFileSync(path, bytes),
      () => appendFileSync(path, bytes),
      () => utimesSync(path, 1000, 1000.5),
    ]) {
      await expect(read(change)).rejects.toMatchObject(changed);
    }
  });

  test("is read if it has not changed", async () => {
    expect(slot.results(await read(() => undefined)).length).toBeGreaterThan(0);
  });
});

describe("a file that changes while it is read", () => {
  const source: Source = { kind: "text", input: 0 };
  const path = join(slot.directory, "growing");
  const line = `${"x".repeat(99)}\n`;
  /** Longer than a piece, so that it is open when its first record is seen. */
  const setUp = (): void => writeFileSync(path, line.repeat(10_000));

  test("fails the task at its end, whose records may be of both", async () => {
    setUp();
    const seen: number[] = [];
    const rewrite = (record: string): string => {
      if (seen.push(record.length) === 1) writeFileSync(path, line.replaceAll("x", "y").repeat(10_000));
      return record;
    };
    const inputs = [fileInput(path)];
    await expect(slot.done({ source, inputs, ops: [op("map", 0)], functions: [rewrite] })).rejects.toMatchObject(
      changed,
    );
    expect(seen).toHaveLength(10_000);
  });

  test("is reported as the cause, not the code that failed because of its content", async () => {
    setUp();
    const parse = (): never => {
      appendFileSync(path, "z");
      throw new Error("no such record");
    };
    const failed = slot.done({ source, inputs: [fileInput(path)], ops: [op("map", 0)], functions: [parse] });
    await expect(failed).rejects.toMatchObject({
      ...changed,
      cause: { message: expect.stringContaining("no such record") },
    });
  });

  test("fails the task that has read its own range only", async () => {
    setUp();
    const append = (record: string): string => {
      if (statSync(path).size === 1_000_000) appendFileSync(path, line);
      return record;
    };
    const inputs = [fileInput(path, 0, 1000)];
    await expect(slot.done({ source, inputs, ops: [op("map", 0)], functions: [append] })).rejects.toMatchObject(
      changed,
    );
  });
});

describe("whole files", () => {
  /** As a task does: the driver sends these functions paths and versions. */
  const read = (id: string, path: string, version: string): unknown => {
    const files = slot.functions.resolve(id, [])([[path, version]] as never) as Slices;
    return [...files][0];
  };

  test.each([operators.readText, operators.readBytes])("are those that were listed: $id", ({ id }) => {
    const path = join(slot.directory, "whole");
    writeFileSync(path, LINES);
    const { version } = fileInput(path);
    expect(String((read(id, path, version) as [string, unknown])[1])).toBe(
      id === operators.readText.id ? LINES : new Uint8Array(Buffer.from(LINES)).toString(),
    );
    appendFileSync(path, "more\n");
    expect(() => read(id, path, version)).toThrow("[FILE_CHANGED]");
  });

  test("are decompressed for text, and otherwise read unchanged", () => {
    const path = join(slot.directory, "whole.gz");
    const zipped = Buffer.concat([gzipSync("one\n"), gzipSync("two\n")]);
    writeFileSync(path, zipped);
    const { version } = fileInput(path);
    expect(read(operators.readText.id, path, version)).toEqual([path, "one\ntwo\n"]);
    expect(read(operators.readBytes.id, path, version)).toEqual([path, new Uint8Array(zipped)]);
    writeFileSync(path, zipped.subarray(0, 12));
    expect(() => read(operators.readText.id, path, fileInput(path).version)).toThrow(
      /\[INPUT_DAMAGED\].*ends prematurely/,
    );
    writeFileSync(path, "");
    expect(read(operators.readText.id, path, fileInput(path).version)).toEqual([path, ""]);
  });
});
