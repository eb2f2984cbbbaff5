import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import type { StateVersion } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { deltaFileName } from "./file-names.ts";
import { readChanges, readState } from "./state-data.ts";

import { inOrder, keys, removeLabs, StateLab, totals, writeState } from "./state-lab.fixture.ts";

afterAll(removeLabs);

describe("a version", () => {
  test("is what its deltas say, along those that each is built on", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1, b: 2 });
    await lab.batch({ a: 10, c: 3 });
    await lab.batch({ b: undefined });
    await lab.batch({ b: 4 });
    expect(await lab.read()).toEqual([
      ["a", 10],
      ["c", 3],
      ["b", 4],
    ]);
    expect(await lab.read(lab.committed[1]?.version)).toEqual([
      ["a", 10],
      ["b", 2],
      ["c", 3],
    ]);
  });

  test("has nothing of an attempt that was not committed, though it wrote for the same batch or a later one", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    await lab.batch({ a: 666 }, { fails: true });
    await lab.batch({ b: 2 }, { attempt: 1 });
    await lab.batch({ a: 667, b: 667 }, { fails: true });
    expect(await lab.read()).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("is read from the newest slice of each key group, and the deltas since", async () => {
    const lab = new StateLab();
    await lab.batch(keys(100, 1));
    await lab.batch({ k1: 2, k2: undefined });
    await lab.slice(-1, { first: 0, last: 2047 });
    await lab.batch({ k2: 3, k99: undefined });
    await lab.slice(-1, { first: 2048, last: 4095 });
    await lab.batch({ k5: 5 });
    const expected = inOrder(lab.committed.at(-1)?.content ?? new Map());
    expect(await lab.read()).toEqual(expected);
    // What lies before the slices is not needed.
    const [first] = lab.committed;
    if (first !== undefined) rmSync(join(lab.folder, deltaFileName(first.version)));
    expect(await lab.read()).toEqual(expected);
  });

  test("may stand by itself, as slices that were written with it", async () => {
    const lab = new StateLab();
    const version = { batch: epochMs(500), attempt: 2, epoch: 3 };
    const entries = Array.from({ length: 20_000 }, (_, i) => ({ key: `key ${i}`, cell: i, updated: i }));
    await writeState(lab.files, totals, { version, schema: 7, timed: true, entries });
    expect(lab.names.length).toBeGreaterThan(2);
    const rows = await readState(lab.files, totals, version);
    expect(rows).toHaveLength(entries.length);
    expect(rows[12_345]).toMatchObject({ key: "key 12345", cell: 12_345, updated: 12_345, version, schema: 7 });
    expect(rows.map(({ ordinal }) => ordinal)).toEqual(entries.map((_, i) => i));
    const name = lab.names.find((one) => one.endsWith(".slice")) ?? "";
    rmSync(join(lab.folder, name));
    await expect(readState(lab.files, totals, version)).rejects.toThrow(
      /STATE_DELTA_MISSING.*\.slice is missing, and version 500-2-3 consists of it and others/,
    );
  });

  test("may be asked for some keys only", async () => {
    const lab = new StateLab();
    await lab.batch(keys(1000, 1));
    await lab.slice(-1, { first: 0, last: 99 });
    await lab.slice(-1, { first: 100, last: 4095 });
    await lab.batch({ k7: 7 });
    const rows = await readState(lab.files, totals, lab.head, { keys: ["k7", "k8", "unknown"] });
    expect(rows.map(({ key, cell }) => [key, cell])).toEqual([
      ["k7", 7],
      ["k8", 1],
    ]);
  });

  test("keeps keys and states of every kind", async () => {
    const lab = new StateLab();
    const version = { batch: epochMs(1), attempt: 0, epoch: 0 };
    const cells = ["s", 1.5, -0, true, 2n, null, new Uint8Array([1, 2])];
    const kinds = ["\ud800", 1, 1n, null, undefined, [1, { a: 2 }], { k: new Date(1) }];
    const entries = kinds.map((key, i) => ({ key, cell: cells[i] ?? null, updated: 0 }));
    await writeState(lab.files, totals, { version, schema: 0, timed: false, entries });
    const rows = await readState(lab.files, totals, version);
    expect(rows.map(({ key, cell }) => ({ key, cell }))).toEqual(entries.map(({ key, cell }) => ({ key, cell })));
  });
});

describe("changes between two versions", () => {
  test("are the keys that differ, with both states", async () => {
    const lab = new StateLab();
    const first = await lab.batch({ a: 1, b: 2, c: 3 });
    await lab.slice(-1);
    await lab.batch({ a: 2, b: undefined, d: 4 });
    await lab.batch({ a: 1, c: 4 });
    await lab.slice(-1);
    const shown = async (range: { from: StateVersion | undefined; to: StateVersion | undefined }) =>
      (await readChanges(lab.files, totals, range)).map(({ key, before, after }) => [key, before?.cell, after?.cell]);
    const expected = [
      ["c", 3, 4],
      ["d", undefined, 4],
      ["b", 2, undefined],
    ];
    expect(await shown({ from: first, to: lab.head })).toEqual(expected);
    expect(await shown({ from: undefined, to: first })).toEqual([
      ["a", undefined, 1],
      ["b", undefined, 2],
      ["c", undefined, 3],
    ]);
    // Without the deltas in between, both versions are compared.
    const second = lab.committed[1]?.version;
    if (second !== undefined) rmSync(join(lab.folder, deltaFileName(second)));
    expect(await shown({ from: first, to: lab.head })).toEqual(expected);
  });
});

describe("a slice that cannot be read", () => {
  const damages: readonly (readonly [string, (file: Buffer) => Uint8Array])[] = [
    ["is empty", () => new Uint8Array(0)],
    ["is cut", (file) => file.subarray(0, -1)],
    ["has other content", (file) => Buffer.concat([file.subarray(0, -1), Buffer.of(255)])],
    ["is longer", (file) => Buffer.concat([file, Buffer.of(0)])],
    ["is of another format", (file) => Buffer.concat([file.subarray(0, 4), Buffer.of(9), file.subarray(5)])],
  ];

  test.each(damages)("because it %s is worked around, with what was wrong", async (_, how) => {
    const lab = new StateLab();
    await lab.batch(keys(50, 1));
    const older = await lab.slice(-1);
    await lab.batch({ k3: undefined, k4: 4, new: 1 });
    const newer = await lab.slice(-1, { first: 1000, last: 3000 });
    await lab.batch({ k5: 5 });
    lab.damage(newer, how);
    const expected = inOrder(lab.committed.at(-1)?.content ?? new Map());
    expect(await lab.read()).toEqual(expected);
    expect(lab.damaged).toEqual([newer]);
    lab.damage(older, how);
    expect(await lab.read()).toEqual(expected);
    expect(new Set(lab.damaged)).toEqual(new Set([newer, older]));
  });

  test("is the error if there is no other way to the state", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    const name = await lab.slice(-1);
    const second = await lab.batch({ b: 1 });
    const [first] = lab.committed;
    if (first !== undefined) rmSync(join(lab.folder, deltaFileName(first.version)));
    expect(await lab.read()).toHaveLength(2);
    lab.damage(name);
    await expect(lab.read(second)).rejects.toThrow(/STATE_DELTA_CORRUPT.*100-0-1\.0-4095\.slice is damaged/);
  });
});

describe("a delta that cannot be read", () => {
  const broken = async (how: (file: Buffer) => Uint8Array) => {
    const lab = new StateLab();
    await lab.batch({ a: 1, b: 2 });
    const version = await lab.batch({ a: 2, b: undefined });
    await lab.batch({ c: 1 });
    lab.damage(deltaFileName(version), how);
    return lab;
  };

  test.each<[string, (file: Buffer) => Uint8Array, string]>([
    ["empty", (file) => file.subarray(0, 0), "truncated to 0 bytes, within its head"],
    ["cut within its head", (file) => file.subarray(0, 40), "truncated to 40 bytes, within its head"],
    ["cut within its directory", (file) => file.subarray(0, 110), "truncated to 110 bytes, within its directory"],
    ["cut within its rows", (file) => file.subarray(0, -1), "but its directory says"],
    ["longer", (file) => Buffer.concat([file, Buffer.of(0)]), "but its directory says"],
    [
      "of other content",
      (file) => Buffer.concat([file.subarray(0, -8), Buffer.alloc(8, 1)]),
      "checksum of its row group 1",
    ],
    ["of another batch", (file) => Buffer.from(file).fill(0, 16, 24), "the checksum of its head is"],
    ["not a state file", () => Buffer.alloc(200, "x"), "does not begin like a delta"],
  ])("because it is %s stops the reader, and names file, operator and partition", async (_, how, why) => {
    const lab = await broken(how);
    await expect(lab.read()).rejects.toThrow(
      expect.objectContaining({
        code: "STATE_DELTA_CORRUPT",
        fields: { path: join(lab.folder, "200-0-1.delta"), operator: "totals", partition: 0 },
        message: expect.stringContaining(why),
      }),
    );
    await expect(lab.read()).rejects.toThrow(/"totals", partition 0 of 1, .*OUTPUT_EXISTS/);
  });

  test("because a bit was flipped anywhere is noticed", async () => {
    const lab = new StateLab();
    const version = await lab.batch({ a: 1, b: 2 });
    const path = join(lab.folder, deltaFileName(version));
    const good = readFileSync(path);
    for (let bit = 0; bit < 8 * good.length; bit += 3) {
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, bad);
      await expect(lab.read(), `bit ${bit}`).rejects.toThrow(/STATE_DELTA_(CORRUPT|FOREIGN)/);
    }
  });

  test("because it is another's is noticed", async () => {
    const lab = new StateLab();
    const [first, second] = [await lab.batch({ a: 1 }), await lab.batch({ a: 2 })];
    const [one, two] = [first, second].map((version) => join(lab.folder, deltaFileName(version)));
    if (one === undefined || two === undefined) return;
    writeFileSync(two, readFileSync(one));
    await expect(lab.read()).rejects.toThrow(/it is a file of version 100-0-1/);
    const other = new StateLab();
    await other.files.writeDelta(
      { operator: "others", partition: 0, partitions: 1 },
      { version: first, base: { kind: "nothing" }, schema: 0, timed: false, nextOrdinal: 0, rowGroups: [] },
    );
    writeFileSync(one, readFileSync(join(other.directory, "state/others/1-0/100-0-1.delta")));
    await expect(lab.read(first)).rejects.toThrow(/it is a file of the operator others/);
  });

  test("because it is missing stops the reader: later ones build on it", async () => {
    const lab = new StateLab();
    await lab.batch({ a: 1 });
    const version = await lab.batch({ a: 2 });
    await lab.batch({ a: 3 });
    rmSync(join(lab.folder, deltaFileName(version)));
    await expect(lab.read()).rejects.toThrow(
      /STATE_DELTA_MISSING.*200-0-1\.delta is missing, and version 300-0-1 builds on it/,
    );
    await expect(lab.read(version)).rejects.toThrow(/the batch log says that version 200-0-1 was committed/);
  });
});

test("each operator has a folder, with any name", async () => {
  const lab = new StateLab();
  const version = { batch: epochMs(1), attempt: 0, epoch: 0 };
  const names = ["a/b", "..", "", "a%002fb", "ü", "\ud800", "\udfff", "updateStateByKey-2"];
  for (const operator of names) {
    const of = { ...totals, operator };
    await writeState(lab.files, of, {
      version,
      schema: 0,
      timed: false,
      entries: [{ key: "k", cell: operator, updated: 0 }],
    });
    expect((await readState(lab.files, of, version))[0]?.cell).toBe(operator);
  }
  expect(readdirSync(join(lab.directory, "state"))).toHaveLength(names.length);
  expect(readdirSync(lab.directory)).toEqual(["state"]);
  expect(readdirSync(join(lab.directory, "state"))).toContain("updateStateByKey-2");
});
