import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import type { StateVersion } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { StateLog, type StatePartition } from "./state-log.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-state-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const HASH_VERSION = 1;
const totals: StatePartition = { operator: "totals", partition: 0, partitions: 2 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);

let count = 0;
function newLog(options: { readonly directory?: string; readonly hashVersion?: number } = {}) {
  const directory = options.directory ?? join(root, String(count++));
  const hashVersion = options.hashVersion ?? HASH_VERSION;
  const log = new StateLog({ files: new LocalFileSystem(), directory: locationFrom(directory), hashVersion });
  return { log, directory, file: (batch: number) => join(directory, "state/totals/2-0", `${batch}-0-1.delta`) };
}

/** What the first attempt of a batch writes; `undefined` for 0. */
function version(batch: number): StateVersion | undefined {
  return batch === 0 ? undefined : attempt(batch, 0);
}

const attempt = (batch: number, number: number): StateVersion => ({ batch: epochMs(batch), attempt: number, epoch: 1 });

/** Writes deltas `[batch, built on]`; the content of each is its batch. */
async function write(log: StateLog, ...deltas: readonly (readonly [number, number])[]): Promise<void> {
  for (const [batch, previous] of deltas) {
    await log.write(totals, {
      version: attempt(batch, 0),
      previous: version(previous),
      upserts: [bytes(`+${batch}`)],
      removals: [],
    });
  }
}

/** The batches whose deltas make up the version that a batch has written. */
async function read(log: StateLog, batch: number): Promise<number[]> {
  const batches: number[] = [];
  for await (const part of log.read(totals, version(batch))) {
    expect(text(part.kind === "delta" ? part.upserts : part.entries)).toBe(`+${part.version.batch}`);
    batches.push(part.version.batch);
  }
  return batches;
}

describe("the state of a version", () => {
  test("is that of all deltas that it builds on, oldest first", async () => {
    const { log } = newLog();
    await write(log, [900, 0], [1000, 900], [10_000, 1000]);
    expect(await read(log, 10_000)).toEqual([900, 1000, 10_000]);
  });

  test("is empty before the first batch, and of an operator that is new", async () => {
    const { log } = newLog();
    expect(await read(log, 0)).toEqual([]);
    expect(await read(log, 5000)).toEqual([]);
    await write(log, [100, 0]);
    expect(await read(log, 0)).toEqual([]);
  });

  test("does not contain later batches", async () => {
    const { log } = newLog();
    await write(log, [100, 0], [200, 100], [300, 200]);
    expect(await read(log, 200)).toEqual([100, 200]);
  });

  test("does not contain a batch that failed, since the next did not build on it", async () => {
    const { log } = newLog();
    await write(log, [100, 0], [200, 100], [300, 100]);
    expect(await read(log, 300)).toEqual([100, 300]);
  });

  test("is that of the attempt which it names, whichever others have written for its batch", async () => {
    const { log } = newLog();
    await write(log, [100, 0], [200, 100]);
    const second = { version: attempt(200, 1), previous: version(100) };
    await log.write(totals, { ...second, upserts: [bytes("a"), bytes("b")], removals: [bytes("c")] });
    const late = { version: { ...attempt(200, 0), epoch: 2 }, previous: version(100) };
    await log.write(totals, { ...late, upserts: [bytes("of another owner")], removals: [] });
    const of = async (head: StateVersion | undefined) => {
      const deltas: string[] = [];
      for await (const part of log.read(totals, head))
        if (part.kind === "delta") deltas.push(`${text(part.upserts)}-${text(part.removals)}`);
      return deltas;
    };
    expect(await of(version(200))).toEqual(["+100-", "+200-"]);
    expect(await of(second.version)).toEqual(["+100-", "ab-c"]);
    expect(await of(late.version)).toEqual(["+100-", "of another owner-"]);
    expect(await of(attempt(200, 2))).toEqual([]);
  });

  test("is of one partition only", async () => {
    const { log } = newLog();
    await write(log, [100, 0]);
    const other = { ...totals, partition: 1 };
    await log.write(other, { version: attempt(100, 0), previous: undefined, upserts: [], removals: [bytes("x")] });
    expect(await log.versions(other)).toEqual([version(100)]);
    expect(await read(log, 100)).toEqual([100]);
  });

  test("of many batches is read in order", async () => {
    const { log } = newLog();
    const all = Array.from({ length: 100 }, (_, i) => i + 1);
    await Promise.all(all.map((batch) => write(log, [batch, batch - 1])));
    expect(await read(log, 100)).toEqual(all);
  });
});

describe("a delta file that has changed since it was written", () => {
  test.each([
    ["empty", (file: Buffer) => file.subarray(0, 0), "truncated to 0 bytes, within its header"],
    ["cut within its header", (file: Buffer) => file.subarray(0, 40), "truncated to 40 bytes, within its header"],
    [
      "cut within its content",
      (file: Buffer) => file.subarray(0, file.length - 1),
      "has 83 bytes, but its header says 84",
    ],
    ["longer", (file: Buffer) => Buffer.concat([file, Buffer.of(0)]), "has 85 bytes, but its header says 84"],
    ["of other content", (file: Buffer) => Buffer.concat([file.subarray(0, -1), Buffer.of(0)]), "its checksum is"],
    ["of another batch", (file: Buffer) => Buffer.from(file).fill(0, 16, 24), "names no version of its own"],
    ["of another attempt", (file: Buffer) => Buffer.from(file).fill(1, 24, 32), "its header says version 200-"],
    ["not a delta file at all", () => Buffer.alloc(100, "x"), "does not begin like a delta"],
  ])("because it is %s stops the reader with the file's name", async (_, damage, message) => {
    const { log, file } = newLog();
    await write(log, [100, 0], [200, 100], [300, 200]);
    writeFileSync(file(200), damage(readFileSync(file(200))));
    await expect(read(log, 300)).rejects.toThrow(
      expect.objectContaining({
        code: "STATE_DELTA_CORRUPT",
        fields: { path: file(200) },
        message: expect.stringContaining(message),
      }),
    );
  });

  test("because one byte anywhere was flipped is noticed", async () => {
    const { log, file } = newLog();
    await write(log, [100, 0]);
    const good = readFileSync(file(100));
    for (let at = 0; at < good.length; at++) {
      if (at === 6 || at === 7) continue; // unused
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      writeFileSync(file(100), bad);
      await expect(read(log, 100), `byte ${at}`).rejects.toThrow(/STATE_DELTA_(CORRUPT|FOREIGN|MISSING)/);
    }
  });

  test("because it is missing stops the reader: later ones build on it", async () => {
    const { log, file } = newLog();
    await write(log, [100, 0], [200, 100], [300, 200]);
    rmSync(file(200));
    await expect(read(log, 300)).rejects.toThrow(
      /STATE_DELTA_MISSING.*200-0-1\.delta is missing, and the delta 300-0-1 builds on it/,
    );
  });

  test("because another version of the engine wrote it is refused with both versions", async () => {
    const { log, directory } = newLog();
    await write(log, [100, 0]);
    const newer = newLog({ directory, hashVersion: 2 }).log;
    await expect(read(newer, 100)).rejects.toThrow(/STATE_DELTA_FOREIGN.*key hash 1, this version reads 2 and 2/);
  });
});

describe("the directory of the log", () => {
  test("may hold other files, such as those of a write that was cut off", async () => {
    const { log, directory } = newLog();
    await write(log, [100, 0]);
    for (const name of ["200-0-1.delta.1-0-3.tmp", "notes.txt", "-1.delta", "200.delta"]) {
      writeFileSync(join(directory, "state/totals/2-0", name), "");
    }
    expect(await read(log, 100)).toEqual([100]);
  });

  test("has a directory for each operator, with any name", async () => {
    const { log, directory } = newLog();
    const names = ["a/b", "..", "", "a%002fb", "ü", "\ud800", "\udfff", "updateStateByKey-2"];
    for (const operator of names) {
      const content = { version: attempt(100, 0), previous: undefined, upserts: [bytes(operator)], removals: [] };
      await log.write({ ...totals, operator }, content);
    }
    expect(readdirSync(join(directory, "state"))).toHaveLength(names.length);
    expect(readdirSync(directory)).toEqual(["state"]);
    expect(readdirSync(join(directory, "state"))).toContain("updateStateByKey-2");
  });
});
