import type { FileEntry, Location } from "@millrace/files";
import type { FilesInput, InputMemory } from "@millrace/plan";

/** The reason why a listed file is ignored. */
export type Ignored =
  /** Its last change was before the job began. */
  | "old"
  /** Its last change is older than what is remembered. */
  | "aged"
  /** Its last change is in the future. */
  | "early"
  /** It was read, and has changed since. */
  | "changed"
  /** It is a socket, device or pipe. */
  | "special"
  /** Its name is not UTF-8. */
  | "unnameable"
  /** A link without a target. */
  | "dangling"
  /** The system cannot access it. */
  | "unreachable";

export interface NewFilesOptions {
  /** Files last changed by then are not new; `-Infinity`: files from before the start may be. */
  readonly afterMs: number;
  readonly batchIntervalMs: number;
  /** The setting `file.stream.remember`; whole batches are remembered (FS-3 of docs/operations.md). */
  readonly rememberMs: number;
  /** See `FileSystem`. */
  readonly appearsLate?: boolean | undefined;
  readonly accepts: (path: string) => boolean;
}

export interface Choice {
  /** Ordered by the time of their last change, then by path. */
  readonly files: readonly FileEntry[];
  /** Returned files that no longer exist. */
  readonly gone: readonly string[];
  /** Ignored files, each reported once. */
  readonly ignored: ReadonlyMap<Ignored, readonly string[]>;
}

/** The fate of a failed batch's files. */
export interface Returned {
  /** To be offered again. */
  readonly again: readonly string[];
  readonly lost: readonly string[];
}

/** A file that was chosen. */
interface Known {
  /** The batch from which on it is remembered. */
  since: number;
  /** Its version when it was chosen. */
  version: string;
  /** The number of times that it was returned. */
  returns: number;
  /** It was returned, and no batch has chosen it again. */
  waiting: boolean;
  /** Its change was reported. */
  told: boolean;
}

/** A batch fails with each unreadable file; files waiting behind it must not be blocked forever. */
const RETURNS_MAX = 3;
/** Ignored files whose paths are kept, so that each is reported once. */
const IGNORED_MAX = 100_000;

/**
 * Selects the files of a listing that are new in a batch (FS-2 of docs/operations.md): last changed after `afterMs`, within the
 * remembered time, and not after the batch's time, or, where files appear late, absent from the listing before; accepted by the filter; and not chosen by a remembered batch. Files
 * returned by a failed batch are new again, whatever their time. Pure: a listing in, a choice out.
 */
export class NewFiles {
  #afterMs: number;
  readonly #intervalMs: number;
  readonly #rememberMs: number;
  readonly #appearsLate: boolean;
  readonly #accepts: (path: string) => boolean;
  /** The choices of the remembered batches, oldest first: a batch that is planned again has the same files. */
  readonly #chosen = new Map<number, readonly FileEntry[]>();
  /** Each remembered file. Bound: the files that change within the remembered time, and returned ones. */
  readonly #known = new Map<Location, Known>();
  /** The ignored files of the last listing, up to {@link IGNORED_MAX}; further ones are not reported. */
  #ignored: ReadonlySet<string> = new Set();
  /** The last listing, if files appear late and there was one in this run. */
  #before: ReadonlySet<string> | undefined;

  constructor(options: NewFilesOptions) {
    this.#afterMs = options.afterMs;
    this.#intervalMs = options.batchIntervalMs;
    this.#rememberMs = Math.ceil(options.rememberMs / options.batchIntervalMs) * options.batchIntervalMs;
    this.#appearsLate = options.appearsLate ?? false;
    this.#accepts = options.accepts;
  }

  /** Records the files that exist when the job begins: ignoring them is not reported. */
  begin(entries: readonly FileEntry[]): void {
    const paths = entries.filter(({ modifiedMs }) => modifiedMs <= this.#afterMs).map(({ path }) => path);
    this.#ignored = new Set(paths.slice(0, IGNORED_MAX));
    this.#look(entries.filter(({ modifiedMs }) => modifiedMs <= this.#afterMs));
  }

  /** All that the next run of the job must know. */
  memory(): Extract<InputMemory, { readonly kind: "files" }> {
    const known = [...this.#known].map(([path, { since, version, returns, waiting }]) => ({
      path,
      since,
      version,
      returns,
      waiting,
    }));
    return { kind: "files", afterMs: Number.isFinite(this.#afterMs) ? this.#afterMs : undefined, known };
  }

  /** Goes on from the memory of an earlier run, and what batches chose after it. */
  recall(
    { afterMs, known }: ReturnType<NewFiles["memory"]>,
    since: readonly { readonly time: number; readonly files: FilesInput["files"] }[],
  ): void {
    // The job may have been changed to take, or leave alone, files from before its start.
    if (Number.isFinite(this.#afterMs)) this.#afterMs = afterMs ?? Number.NEGATIVE_INFINITY;
    for (const { path, ...file } of known) this.#known.set(path, { ...file, told: false });
    for (const { time, files } of since) {
      for (const { path, version } of files) {
        const returns = this.#known.get(path)?.returns ?? 0;
        this.#known.set(path, { since: time, version, returns, waiting: false, told: false });
      }
    }
  }

  /**
   * Chooses the files of a batch and remembers them.
   *
   * @param entries The content of the directories, in any order; `undefined`: unknown.
   * @param nowMs When the listing was made: the batch's time or later; earlier if the wall clock was set back, and then
   *   the reference for times of changes.
   * @param leadMs How far the clock was set forward, ahead of the batches: files are new up to this long after the
   *   batch's time.
   * @param dueMs When the batch after the last one was due, which is earlier if batches were left out in between. Files
   *   that it would have found are new now.
   */
  choose(
    entries: readonly FileEntry[] | undefined,
    batchTime: number,
    nowMs: number,
    { leadMs = 0, dueMs = batchTime }: { readonly leadMs?: number; readonly dueMs?: number } = {},
  ): Choice {
    const known = this.#chosen.get(batchTime);
    if (known !== undefined || entries === undefined) return { files: known ?? [], gone: [], ignored: new Map() };
    const until = Math.min(batchTime + leadMs, nowMs);
    // Files from before the clock was set forward are new as well.
    const oldest = Math.max(this.#afterMs, Math.min(batchTime, nowMs, dueMs) - this.#rememberMs);
    const { gone, forgotten } = this.#forget(entries, oldest, batchTime);
    const files = entries
      .filter((entry) => this.#isNew(entry, oldest, until))
      .sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
    for (const { path, version } of files) {
      const returns = this.#known.get(path)?.returns ?? 0;
      this.#known.set(path, { since: batchTime, version, returns, waiting: false, told: false });
    }
    this.#chosen.set(batchTime, files);
    const ignored = this.#leaveAlone(entries, { oldest, batchTime, nowMs, forgotten });
    this.#look(entries.filter(({ modifiedMs }) => modifiedMs <= until));
    return { files, gone, ignored };
  }

  #look(entries: readonly FileEntry[]): void {
    if (this.#appearsLate) this.#before = new Set(entries.map(({ path }) => path));
  }

  /** It has an older time than files that were read, and was not there then. */
  #isLate(path: Location): boolean {
    return this.#before?.has(path) === false;
  }

  /**
   * Returns the files of a failed batch, to be offered again; the batch itself has none from then on.
   *
   * @param unreadable Files that failed it, and are not offered again.
   */
  giveBack(batchTime: number, unreadable: ReadonlySet<string>): Returned {
    const again: string[] = [];
    const lost: string[] = [];
    for (const { path } of this.#chosen.get(batchTime) ?? []) {
      const known = this.#known.get(path);
      if (known === undefined || known.returns >= RETURNS_MAX || unreadable.has(path)) {
        lost.push(path);
        continue;
      }
      known.waiting = true;
      known.returns += 1;
      again.push(path);
    }
    if (this.#chosen.has(batchTime)) this.#chosen.set(batchTime, []);
    return { again, lost };
  }

  #isNew(entry: FileEntry, oldest: number, until: number): boolean {
    const { path, kind, modifiedMs } = entry;
    if (kind !== "file" || modifiedMs > until) return false;
    const known = this.#known.get(path);
    return known === undefined ? (modifiedMs > oldest || this.#isLate(path)) && this.#accepts(path) : known.waiting;
  }

  #forget(entries: readonly FileEntry[], oldest: number, batchTime: number) {
    const first = batchTime - this.#rememberMs;
    for (const time of this.#chosen.keys()) if (time < first) this.#chosen.delete(time);
    const gone: string[] = [];
    const forgotten = new Set<string>();
    let there: Map<string, number> | undefined;
    for (const [path, known] of this.#known) {
      if (!known.waiting && known.since >= first) continue;
      there ??= new Map(entries.filter(({ kind }) => kind === "file").map((entry) => [entry.path, entry.modifiedMs]));
      const modifiedMs = there.get(path);
      if (known.waiting) {
        if (modifiedMs !== undefined) continue;
        gone.push(path);
        this.#known.delete(path);
      } else if (modifiedMs !== undefined && modifiedMs > oldest) {
        // A file that is still being written would be read again from its beginning (FS-4 of docs/operations.md).
        known.since = batchTime;
      } else {
        this.#known.delete(path);
        forgotten.add(path);
      }
    }
    return { gone, forgotten };
  }

  #leaveAlone(
    entries: readonly FileEntry[],
    at: {
      readonly oldest: number;
      readonly batchTime: number;
      readonly nowMs: number;
      readonly forgotten: Set<string>;
    },
  ): ReadonlyMap<Ignored, readonly string[]> {
    const told = new Map<Ignored, string[]>();
    const tell = (why: Ignored, path: string): void => {
      const paths = told.get(why);
      if (paths === undefined) told.set(why, [path]);
      else paths.push(path);
    };
    const ignored = new Set<string>();
    for (const entry of entries) {
      const { path } = entry;
      const known = this.#known.get(path);
      if (known !== undefined) {
        if (known.waiting || known.told || known.version === entry.version) continue;
        known.told = true;
        tell("changed", path);
        continue;
      }
      const why = this.#why(entry, at);
      if (why === undefined || ignored.size >= IGNORED_MAX) continue;
      ignored.add(path);
      if (!this.#ignored.has(path) && !at.forgotten.has(path) && this.#wants(path)) tell(why, namedWithProblem(entry));
    }
    this.#ignored = ignored;
    return told;
  }

  /** The decision of the filter; false if it throws, since its errors are reported when it selects files for a batch. */
  #wants(path: string): boolean {
    try {
      return this.#accepts(path);
    } catch {
      return false;
    }
  }

  /** The reason why a file that no batch has chosen is ignored; `undefined` if it is not, or if the filter rejects it. */
  #why(
    { path, kind, modifiedMs }: FileEntry,
    { oldest, nowMs }: { readonly oldest: number; readonly nowMs: number },
  ): Ignored | undefined {
    if (kind === "directory") return undefined;
    if (kind === "other") return "special";
    if (kind === "unnameable" || kind === "dangling" || kind === "unreachable") return kind;
    if (modifiedMs <= oldest && !this.#isLate(path)) return modifiedMs <= this.#afterMs ? "old" : "aged";
    return modifiedMs > nowMs + this.#intervalMs ? "early" : undefined;
  }
}

/** The path, with the system's reason where it has one. */
export function namedWithProblem({ path, problem }: FileEntry): string {
  return problem === undefined ? path : `${path} (${problem})`;
}

export function isHidden(path: string): boolean {
  return path.slice(path.lastIndexOf("/") + 1).startsWith(".");
}
