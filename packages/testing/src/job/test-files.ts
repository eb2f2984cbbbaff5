import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, EngineError } from "@millrace/base";
import { type FileEntry, type FileStat, fileNotFound, type Location, locationFrom, nameIn } from "@millrace/files";
import { LocalFileSystem } from "@millrace/storage";
import type { Scratch } from "./scratch.ts";

interface Sighting {
  readonly realMs: number;
  readonly virtualMs: number;
}

/**
 * The real files of this machine in the time of the test: a file that existed before the job keeps its age; one that is
 * new or changed since counts as modified when it was first seen. Files that the test feeds are listed in their
 * apparent directory and stored elsewhere.
 */
export class TestFiles extends LocalFileSystem {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #scratch: Scratch;
  /** Bounded, like `fed`, by the files that a test creates. */
  readonly #seen = new Map<Location, Sighting>();
  /** Paths of fed files, by their apparent directory. */
  readonly #fed = new Map<Location, Location[]>();
  #feeds = 0;

  constructor(clock: Clock, scratch: Scratch) {
    super();
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#scratch = scratch;
  }

  /** Files that exist when the job starts, however recent. */
  knowAsOld(entries: readonly FileEntry[]): void {
    for (const { path, modifiedMs } of entries) {
      const realMs = this.#seen.get(path)?.realMs;
      if (realMs === undefined) continue; // older than the job in any case
      this.#seen.set(path, { realMs, virtualMs: Math.min(modifiedMs, this.#startMs) });
    }
  }

  /** Adds a file to a directory, which need not exist. */
  feed(directory: Location, content: Uint8Array): void {
    const path = locationFrom(join(this.#scratch.folder("fed"), `fed-${this.#feeds++}`));
    writeFileSync(path, content);
    const there = this.#fed.get(directory);
    if (there === undefined) this.#fed.set(directory, [path]);
    else there.push(path);
  }

  override async stat(path: Location): Promise<FileStat | undefined> {
    const stat = await super.stat(path);
    return stat === undefined ? undefined : { ...stat, modifiedMs: this.#virtual(path, stat.modifiedMs) };
  }

  override async *list(directory: Location): AsyncGenerator<readonly FileEntry[], void, undefined> {
    const fed = this.#fed.get(directory) ?? [];
    try {
      for await (const page of super.list(directory)) {
        yield page.map((entry) => ({ ...entry, modifiedMs: this.#virtual(entry.path, entry.modifiedMs) }));
      }
    } catch (error) {
      const missing = error instanceof EngineError && error.code === fileNotFound.code;
      if (!missing || fed.length === 0) throw error;
    }
    const ours: FileEntry[] = [];
    for (const path of fed) {
      const stat = await this.stat(path);
      if (stat !== undefined) ours.push({ ...stat, path, name: nameIn(path) });
    }
    yield ours;
  }

  #virtual(path: Location, realMs: number): number {
    const { madeMs } = this.#scratch;
    if (realMs < madeMs) return this.#startMs - (madeMs - realMs);
    const known = this.#seen.get(path);
    if (known?.realMs === realMs) return known.virtualMs;
    const virtualMs = this.#clock.now();
    this.#seen.set(path, { realMs, virtualMs });
    return virtualMs;
  }
}
