import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FileEntry } from "@millrace/api/host";
import type { Clock } from "@millrace/base";
import { DriverFileSystem } from "@millrace/driver/in-process";
import type { Scratch } from "./scratch.ts";

interface Sighting {
  readonly realMs: number;
  readonly virtualMs: number;
}

/**
 * The real files of this machine on the time of the test: a file that was there before the job counts as old by as much as
 * it was; one that is new or changed since counts as modified when it was first seen. Files that the test feeds are listed
 * where they seem to be, and lie elsewhere.
 */
export class TestFiles extends DriverFileSystem {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #scratch: Scratch;
  /** Bound, as for `fed`: the files that a test makes. */
  readonly #seen = new Map<string, Sighting>();
  /** Paths of fed files, by the directory that they seem to be in. */
  readonly #fed = new Map<string, string[]>();
  #feeds = 0;

  constructor(clock: Clock, scratch: Scratch) {
    super();
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#scratch = scratch;
  }

  /** What is there when the job starts, however lately it came. */
  knowAsOld(entries: readonly FileEntry[]): void {
    for (const { path, modifiedMs } of entries) {
      const realMs = this.#seen.get(path)?.realMs;
      if (realMs === undefined) continue; // older than the job anyway
      this.#seen.set(path, { realMs, virtualMs: Math.min(modifiedMs, this.#startMs) });
    }
  }

  /** A file that appears in a directory, which need not exist. */
  feed(directory: string, content: Uint8Array): void {
    const path = join(this.#scratch.folder("fed"), `fed-${this.#feeds++}`);
    writeFileSync(path, content);
    const there = this.#fed.get(directory);
    if (there === undefined) this.#fed.set(directory, [path]);
    else there.push(path);
  }

  override async stat(path: string): Promise<FileEntry | undefined> {
    const entry = await super.stat(path);
    return entry === undefined ? undefined : this.#inVirtualTime(entry);
  }

  override async list(directory: string): Promise<readonly FileEntry[] | undefined> {
    const fed = this.#fed.get(directory) ?? [];
    const real = await super.list(directory);
    if (real === undefined && fed.length === 0) return undefined;
    const ours = await Promise.all(fed.map((path) => this.stat(path)));
    return [...(real ?? []).map((entry) => this.#inVirtualTime(entry)), ...ours.filter((entry) => entry !== undefined)];
  }

  #inVirtualTime(entry: FileEntry): FileEntry {
    return { ...entry, modifiedMs: this.#virtual(entry.path, entry.modifiedMs) };
  }

  #virtual(path: string, realMs: number): number {
    const { madeMs } = this.#scratch;
    if (realMs < madeMs) return this.#startMs - (madeMs - realMs);
    const known = this.#seen.get(path);
    if (known?.realMs === realMs) return known.virtualMs;
    const virtualMs = this.#clock.now();
    this.#seen.set(path, { realMs, virtualMs });
    return virtualMs;
  }
}
