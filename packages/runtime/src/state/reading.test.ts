import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BlockingFiles, nameIn } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import {
  entriesOf,
  keys,
  type LabOptions,
  localBlocking,
  RemoteFiles,
  removeLabs,
  StoreLab,
} from "./store-lab.fixture.ts";

afterAll(removeLabs);

describe("state that is read as it is touched", () => {
  /** Counts the files that are read. */
  class Watched extends LocalFileSystem {
    /** Slices that were read in calls that block. */
    readonly now: string[] = [];
    /** Called before a slice is read behind. */
    hold: () => Promise<void> = () => Promise.resolve();
    override readonly blocking: BlockingFiles = {
      ...localBlocking(),
      open: (path) => {
        if (path.endsWith(".slice")) this.now.push(nameIn(path));
        return localBlocking().open(path);
      },
    };

    override async read(...[path, range]: Parameters<LocalFileSystem["read"]>): Promise<Uint8Array> {
      if (path.endsWith(".slice")) await this.hold();
      return super.read(path, range);
    }
  }

  /** Notes the deltas that are read. */
  class Counted extends LocalFileSystem {
    readonly names: string[] = [];

    override read(...[path, range]: Parameters<LocalFileSystem["read"]>): Promise<Uint8Array> {
      if (!/slice$|part$/.test(path)) this.names.push(nameIn(path)); // they are read behind
      return super.read(path, range);
    }
  }

  /** A state of 40 keys in 20 slices or so, on a slot that has read none of them and is kept from reading behind. */
  async function unread(options: LabOptions = {}) {
    const lab = new StoreLab(options);
    await lab.batch(keys(40, 0));
    for (let i = 1; i < 80; i++) {
      await lab.batch(new Map([["k0", i]]));
      await lab.store.saved();
    }
    const files = new Watched();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    files.hold = () => held;
    await lab.restart(files);
    return { lab, files, release };
  }

  test("is there after the slices of the touched keys, and the others are read behind", async () => {
    const { lab, files, release } = await unread();
    await lab.batch(new Map([["k7", 70]]));
    expect(files.now).toHaveLength(1);
    await lab.batch(
      new Map([
        ["k7", 71],
        ["new", 1],
      ]),
    );
    expect(files.now.length).toBeLessThanOrEqual(2);
    const { state } = await lab.store.prepare(lab.ref(), { timed: false, everyKey: false, belongs: () => true });
    expect(state.table.size).toBeLessThan(20);
    release();
    await lab.store.saved();
    expect(state.table.size).toBe(41);
    expect(state.unread).toBeUndefined();
    expect(files.now.length).toBeLessThanOrEqual(2);
    const names = (await lab.entries()).map(([key]) => key);
    expect(names).toEqual([...keys(40, 0).keys(), "new"]);
  });

  test("does not bring back a key that was forgotten while its slice was read behind", async () => {
    const { lab, files, release } = await unread();
    await lab.batch(
      new Map([
        ["k7", undefined],
        ["k8", 1],
      ]),
    );
    await lab.batch(new Map([["k8", undefined]]));
    expect(files.now.length).toBeGreaterThan(0);
    release();
    await lab.store.saved();
    const names = (await lab.entries()).map(([key]) => key);
    expect(names).toEqual([...keys(40, 0).keys()].filter((key) => key !== "k7" && key !== "k8"));
  });

  test("is read whole by whoever visits every key", async () => {
    const { lab, files, release } = await unread({ everyKey: true });
    const entries = lab.entries();
    release();
    expect(await entries).toHaveLength(40);
    expect(files.now).toEqual([]);
  });

  /** What a slot reads of a state of many keys before its first task can look for a key, and the deltas that lead to it. */
  async function firstReads(many: number) {
    const lab = new StoreLab({ sliceKeys: 16, mergedDeltas: 4 });
    const names = [...keys(many, 0).keys()];
    await lab.batch(keys(many, 0));
    // Two rounds of slices: the deltas of a round, since each of its slices, lead to the state.
    for (let i = 0; i < many / 8; i++) {
      await lab.batch(new Map(Array.from({ length: 8 }, (_, j) => [names[(8 * i + j) % many] ?? "", i])));
      await lab.store.saved();
    }
    const files = new Counted();
    const model = new Map(await lab.entries());
    await lab.restart(files);
    const prepared = await lab.store.prepare(lab.ref(), { timed: false, everyKey: false, belongs: () => true });
    const read = { files: files.names.length, keys: prepared.state.keys };
    const chain = await lab.chain();
    prepared.state.readAll();
    expect(new Map(entriesOf(prepared.state))).toEqual(model);
    await lab.store.saved();
    return { ...read, chain };
  }

  test("takes as much to begin with, however large it is", async () => {
    const small = await firstReads(64);
    const large = await firstReads(512);
    expect(large.chain).toBeGreaterThan(5 * small.chain);
    // Up to twice as many deltas as are merged at once, and as many of each level, of which the large state has two more.
    expect(small.files).toBeLessThanOrEqual(11);
    expect(large.files).toBeLessThanOrEqual(small.files + 6);
    for (const { keys } of [small, large]) expect(keys).toBeLessThanOrEqual(8 * 8);
  });

  test("is read whole first where the file system has no blocking calls", async () => {
    const { lab, release } = await unread();
    release();
    await lab.restart(new RemoteFiles());
    const { state } = await lab.store.prepare(lab.ref(), { timed: false, everyKey: false, belongs: () => true });
    expect(state.table.size).toBe(40);
  });
});

describe("keys that the author's partitioner places", () => {
  /** A state in two partitions, and then a run with a partitioner. */
  async function run(belongs: (key: unknown) => boolean) {
    const lab = new StoreLab();
    await lab.batch(keys(40, 0));
    for (let i = 1; i < 20; i++) {
      await lab.batch(new Map([["k0", i]]));
      await lab.store.saved();
    }
    await lab.restart();
    const ref = lab.ref();
    const needs = { timed: false, everyKey: false, placed: true, belongs };
    const later = { ...ref, writes: { ...(ref.writes ?? { batch: ref.batch, attempt: 0 }), epoch: 2 } };
    return { lab, same: () => lab.store.prepare(ref, needs), next: () => lab.store.prepare(later, needs) };
  }

  test("are all looked at when another run has written them, and one that belongs elsewhere stops the job", async () => {
    const { next } = await run((key) => key !== "k7");
    await expect(next()).rejects.toThrow(/STATE_PARTITIONER_CHANGED.*has the key 'k7' in partition 0 of 1/);
  });

  test("are read before the first is looked up, if they are where they were", async () => {
    const { next } = await run(() => true);
    const { state } = await next();
    expect(state.unread).toBeUndefined();
    expect(state.table.size).toBe(40);
  });

  test("are read as they are touched within a run", async () => {
    const { same, lab } = await run(() => {
      throw new Error("the partitioner is not asked");
    });
    const { state } = await same();
    expect(state.unread).toBeDefined();
    await lab.store.saved();
  });
});

describe("another number of partitions", () => {
  test.each([
    [1, 4],
    [4, 1],
    [3, 5],
    [7, 2],
  ])("takes over the state, from %i to %i, and needs nothing of the former ones", async (before, after) => {
    const lab = new StoreLab({ partitions: before });
    await lab.batch(keys(50, 1));
    await lab.batch(
      new Map([
        ["k1", 2],
        ["k2", undefined],
      ]),
    );
    lab.partitions = after;
    await lab.restart();
    await lab.batch(
      new Map([
        ["k3", 3],
        ["k4", undefined],
        ["new", 5],
      ]),
      { fails: true },
    );
    await lab.batch(
      new Map([
        ["k3", 3],
        ["k4", undefined],
        ["new", 5],
      ]),
    );
    rmSync(join(lab.directory, `state/totals/${before}-0`), { recursive: true });
    await lab.batch(new Map([["k5", 6]]));
    await lab.restart();
    const expected = new Map([...keys(50, 1), ["k1", 2], ["k3", 3], ["new", 5], ["k5", 6]]);
    for (const key of ["k2", "k4"]) expected.delete(key);
    const entries = await lab.entries();
    expect(new Map(entries as [string, number][])).toEqual(expected); // as they were put
    expect(entries).toHaveLength(expected.size);
    // Keys that come from one former partition stay in order.
    if (before === 1 && after === 1) expect(entries.map(([key]) => key)).toEqual([...expected.keys()]);
  });

  const step = fc.record({
    changes: fc.dictionary(fc.constantFrom(..."abcdefghijkl"), fc.option(fc.nat(9), { nil: undefined }), {
      maxKeys: 5,
    }),
    fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    partitions: fc.integer({ min: 1, max: 12 }),
  });

  test.each([true, false])("may change at any time, with idle keys: %s", async (timed) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const lab = new StoreLab({ timed });
        const model = new Map<string, number>();
        for (const { changes, fails, partitions } of steps) {
          if (partitions <= 3 && partitions !== lab.partitions) {
            lab.partitions = partitions;
            await lab.restart();
          }
          await lab.batch(new Map(Object.entries(changes)), { fails });
          if (fails) continue;
          for (const [key, value] of Object.entries(changes)) {
            if (value === undefined) model.delete(key);
            else model.set(key, value);
          }
        }
        const entries = await lab.entries();
        expect(new Map(entries as [string, number][])).toEqual(model); // as they were put
        expect(entries).toHaveLength(model.size);
      }),
      { numRuns: 8 },
    );
  });

  test("is swept when no version of the former one is read any more", async () => {
    const lab = new StoreLab({ partitions: 3 });
    await lab.batch(keys(50, 1));
    lab.partitions = 2;
    for (let i = 0; i < 80; i++) {
      await lab.batch(keys(50, i));
      await lab.store.saved();
    }
    expect(readdirSync(join(lab.directory, "state/totals")).sort()).toEqual(["2-0", "2-1"]);
  });
});
