import type { FileEntry } from "../engine-port.ts";

export interface NewFilesOptions {
  /** Files that had changed last by then are not new; 0: all that were there at the start may be. */
  readonly afterMs: number;
  readonly batchIntervalMs: number;
  /** The setting `file.stream.remember`; whole batches are remembered (features FS-3). */
  readonly rememberMs: number;
  readonly accepts: (path: string) => boolean;
}

/**
 * Which files of a listing are new in a batch (features FS-2): those that changed last after `afterMs`, within the time
 * that is remembered, and not after the batch's time; that the filter accepts; and that no batch has chosen which is
 * remembered. Pure: the listing comes in, the choice goes out.
 */
export class NewFiles {
  readonly #afterMs: number;
  readonly #rememberMs: number;
  readonly #accepts: (path: string) => boolean;
  /** The choices of the batches that are remembered, oldest first: a batch that is planned again has the same files. */
  readonly #chosen = new Map<number, readonly FileEntry[]>();
  /** Each file that is remembered, with the batch from which on. Bound: the files that change within the time remembered. */
  readonly #remembered = new Map<string, number>();

  constructor(options: NewFilesOptions) {
    this.#afterMs = options.afterMs;
    this.#rememberMs = Math.ceil(options.rememberMs / options.batchIntervalMs) * options.batchIntervalMs;
    this.#accepts = options.accepts;
  }

  /**
   * Chooses the files of a batch and remembers them.
   *
   * @param entries All that is in the directories, in any order.
   * @returns Ordered by the time of their last change, then by path.
   */
  choose(entries: readonly FileEntry[], batchTime: number): readonly FileEntry[] {
    const known = this.#chosen.get(batchTime);
    if (known !== undefined) return known;
    const oldest = Math.max(this.#afterMs, batchTime - this.#rememberMs);
    const recent = entries.filter((entry) => entry.kind === "file" && entry.modifiedMs > oldest);
    this.#forget(recent, batchTime);
    const chosen = recent
      .filter(({ path, modifiedMs }) => modifiedMs <= batchTime && !this.#remembered.has(path) && this.#accepts(path))
      .sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
    for (const { path } of chosen) this.#remembered.set(path, batchTime);
    this.#chosen.set(batchTime, chosen);
    return chosen;
  }

  #forget(recent: readonly FileEntry[], batchTime: number): void {
    const first = batchTime - this.#rememberMs;
    for (const time of this.#chosen.keys()) if (time < first) this.#chosen.delete(time);
    let changing: Set<string> | undefined;
    for (const [path, since] of this.#remembered) {
      if (since >= first) continue;
      changing ??= new Set(recent.map((entry) => entry.path));
      // One that is still written to would be read again from its beginning (features FS-4).
      if (changing.has(path)) this.#remembered.set(path, batchTime);
      else this.#remembered.delete(path);
    }
  }
}

export function isHidden(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(".");
}
