import { resolve } from "node:path";
import type { FileEntry } from "@millrace/api/host";
import type { Clock } from "@millrace/base";
import { DriverFileSystem } from "@millrace/driver/in-process";

interface Sighting {
  readonly realMs: number;
  readonly virtualMs: number;
}

/**
 * The real files of this machine on the time of the test: a file that was there before the job counts as old by as much as
 * it was; one that is new or changed since counts as modified when it was first seen.
 */
export class TestFiles extends DriverFileSystem {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #madeMs: number;
  /** Bound: the files that a test makes. */
  readonly #seen = new Map<string, Sighting>();

  /** @param madeMs When the test job began, on the clock of the file system. */
  constructor(clock: Clock, madeMs: number) {
    super((path) => resolve(path));
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#madeMs = madeMs;
  }

  override async stat(path: string): Promise<FileEntry | undefined> {
    const entry = await super.stat(path);
    return entry === undefined ? undefined : { ...entry, modifiedMs: this.#virtual(path, entry.modifiedMs) };
  }

  override async list(directory: string): Promise<readonly FileEntry[] | undefined> {
    const entries = await super.list(directory);
    return entries?.map((entry) => ({ ...entry, modifiedMs: this.#virtual(entry.path, entry.modifiedMs) }));
  }

  #virtual(path: string, realMs: number): number {
    if (realMs <= this.#madeMs) return this.#startMs - (this.#madeMs - realMs);
    const known = this.#seen.get(path);
    if (known?.realMs === realMs) return known.virtualMs;
    const virtualMs = this.#clock.now();
    this.#seen.set(path, { realMs, virtualMs });
    return virtualMs;
  }
}
