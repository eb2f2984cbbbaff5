import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { epochMs } from "@millrace/base";
import { type Location, locationFrom } from "@millrace/files";
import type { StateVersion } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LocalFileSystem } from "../file-system/local.ts";
import { StateLog, type StatePartition } from "./state-log.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-snapshots-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const totals: StatePartition = { operator: "totals", partition: 0, partitions: 1 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);

let count = 0;

/** What the one attempt of a batch writes; `undefined` for 0. */
function version(batch: number): StateVersion | undefined {
  return batch === 0 ? undefined : written(batch);
}

const written = (batch: number): StateVersion => ({ batch: epochMs(batch), attempt: 0, epoch: 1 });

/** A log whose files can be examined and damaged. */
class Lab {
  readonly folder: string;
  readonly log: StateLog;

  constructor(files = new LocalFileSystem()) {
    const directory = join(root, String(count++));
    this.folder = join(directory, "state/totals/1-0");
    this.log = new StateLog({ files, directory: locationFrom(directory), hashVersion: 1 });
  }

  /** Writes the delta of each batch of `[from, to]`, each built on the one before. */
  async deltas(from: number, to: number): Promise<void> {
    for (let batch = from; batch <= to; batch++) await this.delta(batch, batch - 1);
  }

  delta(batch: number, previous: number): Promise<void> {
    const upserts = [bytes(`+${batch}`)];
    return this.log.write(totals, { version: written(batch), previous: version(previous), upserts, removals: [] });
  }

  snapshot(batch: number): Promise<void> {
    return this.log.writeSnapshot(totals, { version: written(batch), entries: [bytes(`=${batch}`)], idle: [] });
  }

  /** The files from which a state is read: `=3 +4 +5`. */
  async read(batch: number): Promise<string> {
    const parts: string[] = [];
    for await (const part of this.log.read(totals, version(batch)))
      parts.push(text(part.kind === "delta" ? part.upserts : part.entries));
    return parts.join(" ");
  }

  prune(oldest: number): Promise<void> {
    return this.log.prune(totals, epochMs(oldest));
  }

  get files(): string {
    const numberOf = (name: string): number => Number.parseInt(name, 10);
    if (!existsSync(this.folder)) return "";
    return readdirSync(this.folder)
      .sort((a, b) => numberOf(a) - numberOf(b) || (a < b ? -1 : 1))
      .join(" ")
      .replaceAll("-0-1.", ".");
  }

  /** @param name As in `files`: `3.delta`. */
  path(name: string): string {
    return join(this.folder, name.replace(".", "-0-1."));
  }
}

describe("a snapshot", () => {
  test("replaces the deltas up to its batch, and only for later versions", async () => {
    const lab = new Lab();
    await lab.deltas(1, 5);
    await lab.snapshot(3);
    expect(await lab.read(5)).toBe("=3 +4 +5");
    expect(await lab.read(3)).toBe("=3");
    expect(await lab.read(2)).toBe("+1 +2");
  });

  test("is read without the files that it replaced, and without the headers of theirs", async () => {
    const lab = new Lab();
    await lab.deltas(1, 5);
    await lab.snapshot(3);
    for (const batch of [1, 2, 3]) writeFileSync(lab.path(`${batch}.delta`), "torn");
    expect(await lab.read(5)).toBe("=3 +4 +5");
  });

  test("may be followed by the delta of a batch that failed", async () => {
    const lab = new Lab();
    await lab.deltas(1, 3);
    await lab.snapshot(3);
    await lab.delta(4, 3);
    await lab.delta(5, 3);
    expect(await lab.read(5)).toBe("=3 +5");
  });

  test.each([
    ["empty", () => ""],
    ["torn", (file: Buffer) => file.subarray(0, -1)],
    ["of other content", (file: Buffer) => Buffer.concat([file.subarray(0, -1), Buffer.of(0)])],
    ["a delta", (_: Buffer, lab: Lab) => readFileSync(lab.path("5.delta"))],
  ])("that is %s is passed over for an older one, or for the deltas", async (_, damage) => {
    const lab = new Lab();
    await lab.deltas(1, 5);
    await lab.snapshot(2);
    await lab.snapshot(4);
    writeFileSync(lab.path("4.snapshot"), damage(readFileSync(lab.path("4.snapshot")), lab));
    expect(await lab.read(5)).toBe("=2 +3 +4 +5");
    writeFileSync(lab.path("2.snapshot"), "");
    expect(await lab.read(5)).toBe("+1 +2 +3 +4 +5");
  });

  test("that is damaged stops the reader with its name if there is no other way to the state", async () => {
    const lab = new Lab();
    await lab.deltas(1, 5);
    await lab.snapshot(2);
    await lab.snapshot(4);
    await lab.prune(5);
    for (const batch of [2, 4]) writeFileSync(lab.path(`${batch}.snapshot`), "");
    await expect(lab.read(5)).rejects.toThrow(/STATE_DELTA_CORRUPT.*4-0-1\.snapshot is damaged: it is truncated/);
  });
});

describe("pruning", () => {
  test("removes the files that the snapshot before the last has replaced", async () => {
    const lab = new Lab();
    await lab.deltas(1, 3);
    await lab.snapshot(3);
    await lab.deltas(4, 6);
    await lab.prune(6);
    expect(lab.files).toBe("1.delta 2.delta 3.delta 3.snapshot 4.delta 5.delta 6.delta");
    await lab.snapshot(6);
    await lab.prune(6);
    expect(lab.files).toBe("3.snapshot 4.delta 5.delta 6.delta 6.snapshot");
    await lab.deltas(7, 9);
    await lab.snapshot(9);
    await lab.prune(9);
    expect(lab.files).toBe("6.snapshot 7.delta 8.delta 9.delta 9.snapshot");
    expect(await lab.read(9)).toBe("=9");
    expect(await lab.read(8)).toBe("=6 +7 +8");
  });

  test("keeps the files of an older version that may still be read", async () => {
    const lab = new Lab();
    await lab.deltas(1, 9);
    for (const batch of [2, 4, 6, 8]) await lab.snapshot(batch);
    await lab.prune(5);
    expect(lab.files).toMatch(/^2\.snapshot 3\.delta/);
    for (const version of [5, 6, 7, 8, 9]) expect(await lab.read(version)).toMatch(new RegExp(`[+=]${version}$`));
  });

  test("that is interrupted anywhere leaves a readable state, and is completed later", async () => {
    const needless = 5; // one snapshot and four deltas
    for (let cutAt = 0; cutAt < needless; cutAt++) {
      let left = cutAt;
      class Dying extends LocalFileSystem {
        override async remove(path: Location): Promise<void> {
          if (left-- <= 0) throw new Error("killed");
          await super.remove(path);
        }
      }
      const lab = new Lab(new Dying());
      await lab.deltas(1, 7);
      for (const batch of [2, 4, 6]) await lab.snapshot(batch);
      await expect(lab.prune(7)).rejects.toThrow("killed");
      expect(await lab.read(7)).toBe("=6 +7");
      left = Number.POSITIVE_INFINITY;
      await lab.prune(7);
      expect(lab.files).toBe("4.snapshot 5.delta 6.delta 6.snapshot 7.delta");
    }
  });

  test("never removes a file that a reader has already chosen", async () => {
    const lab = new Lab();
    await lab.deltas(1, 4);
    await lab.snapshot(2);
    const reading = lab.log.read(totals, version(4));
    const first = await reading.next();
    await lab.snapshot(4);
    await lab.prune(4);
    const rest: number[] = [];
    for await (const part of reading) rest.push(part.version.batch);
    expect([first.value?.version.batch, ...rest]).toEqual([2, 3, 4]);
  });

  test("leaves every version from the oldest on unchanged, in any order of writes", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("batch" as const), fails: fc.boolean() }),
      fc.record({ do: fc.constant("snapshot" as const) }),
      fc.record({ do: fc.constant("prune" as const), back: fc.nat(6) }),
      fc.record({ do: fc.constant("tear" as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const lab = new Lab();
        /** For each committed version: the batches that made it. */
        const model = new Map<number, readonly number[]>([[0, []]]);
        let [version, next, oldest, torn] = [0, 1, 0, false];
        for (const each of steps) {
          switch (each.do) {
            case "batch": {
              const batch = next++;
              await lab.delta(batch, version);
              if (each.fails) break;
              model.set(batch, [...(model.get(version) ?? []), batch]);
              version = batch;
              break;
            }
            case "snapshot":
              if (version > 0) await lab.snapshot(version);
              break;
            case "prune":
              oldest = Math.max(oldest, [...model.keys()].at(-1 - each.back) ?? 0);
              await lab.prune(oldest);
              break;
            case "tear": {
              const newest = lab.files.split(" ").findLast((name) => name.endsWith("snapshot"));
              if (newest === undefined || torn) break;
              torn = true; // one is tolerated: the snapshot before it is kept
              writeFileSync(lab.path(newest), "");
            }
          }
        }
        for (const [read, batches] of model) {
          if (read < oldest || read === 0) continue;
          const parts = (await lab.read(read)).split(" ");
          const base = parts[0]?.startsWith("=") ? Number(parts.shift()?.slice(1)) : 0;
          expect(base === 0 || batches.includes(base)).toBe(true);
          expect(parts).toEqual(batches.filter((batch) => batch > base).map((batch) => `+${batch}`));
        }
      }),
      { numRuns: 40 },
    );
  });
});
