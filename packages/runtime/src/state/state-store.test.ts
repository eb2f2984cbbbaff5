import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { emptyClassTable } from "@millrace/codec";
import { FileSystems, locationFrom } from "@millrace/files";
import type { StateRef, StateVersion } from "@millrace/plan";
import { LocalFileSystem } from "@millrace/storage";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { PartitionState } from "./partition-state.ts";
import { StateStore } from "./state-store.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-state-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const SNAPSHOT_DELTAS = 5;

/** One partition of state over many batches, on one slot after the other. */
class Lab {
  readonly #directory = join(root, String(count++));
  readonly #timed: boolean;
  #files = new LocalFileSystem();
  store = this.#newStore();
  /** The committed version. */
  #head: StateVersion | undefined;
  #batch = 0;

  constructor(options: { readonly timed?: boolean } = {}) {
    this.#timed = options.timed ?? false;
  }

  /** The slot is lost. */
  async restart(files = new LocalFileSystem()): Promise<void> {
    await this.store.saved();
    this.#files = files;
    this.store = this.#newStore();
  }

  /** One batch: `undefined` forgets a key. */
  async batch(changes: ReadonlyMap<string, number | undefined>, options: { readonly fails?: boolean } = {}) {
    const ref = this.#ref(++this.#batch);
    const { state } = await this.store.prepare(ref, { timed: this.#timed });
    const overlay = state.begin(ref.batch);
    for (const [key, value] of changes) {
      const index = state.index.find(key);
      if (value === undefined) {
        if (index >= 0) overlay.forget(index);
      } else if (index < 0) overlay.add(key, value);
      else if (!overlay.change(index, value)) overlay.touched.add(index);
    }
    await this.store.complete(ref, state, overlay);
    if (options.fails !== true) this.#head = overlay.version ?? this.#head;
  }

  /** The state as of the last committed batch, as its slot has it. */
  async state(): Promise<PartitionState> {
    return (await this.store.prepare(this.next, { timed: this.#timed })).state;
  }

  /** Files in the log. */
  get files(): number {
    return readdirSync(join(this.#directory, "state/totals/1-0")).length;
  }

  /** The reference that a task of the next batch would have. */
  get next(): StateRef {
    return this.#ref(this.#batch + 1);
  }

  #ref(batch: number): StateRef {
    return {
      ...{ operator: "totals", partition: 0, partitions: 1, directory: locationFrom(this.#directory) },
      ...{ batch: epochMs(batch), head: this.#head, first: false, oldest: this.#head?.batch ?? epochMs(0) },
      writes: { batch: epochMs(batch), attempt: 0, epoch: 1 },
    };
  }

  #newStore(): StateStore {
    const files = new FileSystems({ systems: [this.#files], directory: "/" });
    return new StateStore({ files, classes: emptyClassTable, snapshotDeltas: SNAPSHOT_DELTAS });
  }
}

/** Keys with their states, in the order in which results have them. */
function entriesOf({ index, column }: PartitionState): [unknown, unknown][] {
  const entries: [unknown, unknown][] = [];
  for (let i = 0; i < index.capacity; i++) if (column.has(i)) entries.push([index.keys[i], column.get(i)]);
  return entries;
}

/** Keys with the time of their last update, longest idle first. */
function idleOf({ index, idle }: PartitionState): [unknown, number][] {
  return [...(idle?.before(Number.POSITIVE_INFINITY) ?? [])].map(({ index: i, time }) => [index.keys[i], time]);
}

describe("the log of a partition", () => {
  test("has a bounded number of files, however many batches there were", async () => {
    const lab = new Lab();
    let most = 0;
    for (let i = 0; i < 300; i++) {
      await lab.batch(new Map([[`k${i % 7}`, i]]));
      await lab.store.saved();
      most = Math.max(most, lab.files);
    }
    // Two snapshots, the deltas since the older one, and those of one batch more that is not committed yet.
    expect(most).toBeLessThanOrEqual(2 * SNAPSHOT_DELTAS + 6);
    const before = entriesOf(await lab.state());
    await lab.restart();
    expect(entriesOf(await lab.state())).toEqual(before);
  });

  test("is not needed for a snapshot: one that cannot be written fails no batch, and is tried again", async () => {
    let refused = 0;
    class NoSnapshots extends LocalFileSystem {
      override async write(...[path, ...rest]: Parameters<LocalFileSystem["write"]>): Promise<void> {
        if (path.endsWith(".snapshot") && ++refused <= 2) throw new Error("the disk is full");
        await super.write(path, ...rest);
      }
    }
    const lab = new Lab();
    await lab.restart(new NoSnapshots());
    for (let i = 1; i <= 40; i++) {
      await lab.batch(new Map([["n", i]]));
      await lab.store.saved();
    }
    expect(refused).toBeGreaterThan(3);
    await lab.restart();
    expect(entriesOf(await lab.state())).toEqual([["n", 40]]);
  });

  test("is read again if another slot removes the chosen files", async () => {
    let removed = false;
    class Overtaken extends LocalFileSystem {
      override async read(...[path, range]: Parameters<LocalFileSystem["read"]>): Promise<Uint8Array> {
        if (path.endsWith(".snapshot") && !removed) {
          removed = true;
          for (let i = 0; i < 30; i++) await lab.batch(new Map([["n", i]]));
          await lab.store.saved();
        }
        return super.read(path, range);
      }
    }
    const lab = new Lab();
    for (let i = 0; i < 20; i++) await lab.batch(new Map([["n", i]]));
    await lab.store.saved();
    const late = new StateStore({
      files: new FileSystems({ systems: [new Overtaken()], directory: "/" }),
      classes: emptyClassTable,
      snapshotDeltas: SNAPSHOT_DELTAS,
    });
    const before = lab.next;
    await expect(late.prepare(before, { timed: false })).rejects.toThrow(/STATE_NOT_FOUND|STATE_DELTA_MISSING/);
    expect(removed).toBe(true);
    const { state } = await late.prepare(lab.next, { timed: false });
    expect(entriesOf(state)).toEqual([["n", 29]]);
  });

  const batch = fc.record({
    changes: fc.uniqueArray(fc.tuple(fc.constantFrom(..."abcdefgh"), fc.option(fc.nat(9), { nil: undefined })), {
      selector: ([key]) => key,
      maxLength: 4,
    }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    restarts: fc.integer({ min: 0, max: 6 }).map((n) => n === 0),
  });

  test.each([true, false])(
    "gives back the same state as a map, in the same order, with idle keys: %s",
    async (timed) => {
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 20, maxLength: 60 }), async (batches) => {
          const lab = new Lab({ timed });
          const model = new Map<string, number>();
          for (const { changes, fails, restarts } of batches) {
            await lab.batch(new Map(changes), { fails });
            if (!fails) {
              for (const [key, value] of changes) {
                if (value === undefined) model.delete(key);
                else model.set(key, value);
              }
            }
            if (!restarts) continue;
            const held = await lab.state();
            await lab.restart();
            const loaded = await lab.state();
            expect(entriesOf(loaded)).toEqual(entriesOf(held));
            expect(idleOf(loaded)).toEqual(idleOf(held));
            expect(new Map(entriesOf(loaded) as [string, number][])).toEqual(model); // as they were put
          }
        }),
        { numRuns: 15 },
      );
    },
  );
});
