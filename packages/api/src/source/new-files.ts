import type { FileEntry } from "@millrace/files";

/** Why a file that is in a listing is left alone. */
export type Ignored =
  /** It was changed last before the job began. */
  | "old"
  /** It was changed last longer ago than is remembered. */
  | "aged"
  /** It was changed last at a time that is still to come. */
  | "early"
  /** It was read, and has changed since. */
  | "changed"
  /** It is a socket, device or pipe. */
  | "special"
  /** Its name is not UTF-8. */
  | "unnameable"
  /** A link to nothing. */
  | "dangling"
  /** The system cannot look at it. */
  | "unreachable";

export interface NewFilesOptions {
  /** Files that had changed last by then are not new; `-Infinity`: all that were there at the start may be. */
  readonly afterMs: number;
  readonly batchIntervalMs: number;
  /** The setting `file.stream.remember`; whole batches are remembered (features FS-3). */
  readonly rememberMs: number;
  readonly accepts: (path: string) => boolean;
}

export interface Choice {
  /** Ordered by the time of their last change, then by path. */
  readonly files: readonly FileEntry[];
  /** Files that had been given back, and are not there any more. */
  readonly gone: readonly string[];
  /** Files that are left alone, each told of once. */
  readonly ignored: ReadonlyMap<Ignored, readonly string[]>;
}

/** What became of the files of a failed batch. */
export interface Returned {
  /** To be offered again. */
  readonly again: readonly string[];
  readonly lost: readonly string[];
}

/** A file that was chosen. */
interface Known {
  /** The batch from which on it is remembered. */
  since: number;
  /** What it was when it was chosen. */
  version: string;
  /** How often it was given back. */
  returns: number;
  /** It was given back, and no batch has chosen it again. */
  waiting: boolean;
  /** Its change was told of. */
  told: boolean;
}

/** A batch fails with each file that cannot be read; those that wait behind it are not held up for ever. */
const RETURNS_MAX = 3;
/** Files left alone whose paths are kept, so that each is told of once. */
const IGNORED_MAX = 100_000;

/**
 * Which files of a listing are new in a batch (features FS-2): those that changed last after `afterMs`, within the time
 * that is remembered, and not after the batch's time; that the filter accepts; and that no batch has chosen which is
 * remembered. Files that a failed batch gave back are new again, whatever their time. Pure: the listing comes in, the choice
 * goes out.
 */
export class NewFiles {
  readonly #afterMs: number;
  readonly #intervalMs: number;
  readonly #rememberMs: number;
  readonly #accepts: (path: string) => boolean;
  /** The choices of the batches that are remembered, oldest first: a batch that is planned again has the same files. */
  readonly #chosen = new Map<number, readonly FileEntry[]>();
  /** Each file that is remembered. Bound: the files that change within the time remembered, and those given back. */
  readonly #known = new Map<string, Known>();
  /** The files of the last listing that are left alone, up to {@link IGNORED_MAX}; those beyond are not told of. */
  #ignored: ReadonlySet<string> = new Set();

  constructor(options: NewFilesOptions) {
    this.#afterMs = options.afterMs;
    this.#intervalMs = options.batchIntervalMs;
    this.#rememberMs = Math.ceil(options.rememberMs / options.batchIntervalMs) * options.batchIntervalMs;
    this.#accepts = options.accepts;
  }

  /** Takes what is there when the job begins: nobody is surprised that it is left alone. */
  begin(entries: readonly FileEntry[]): void {
    const paths = entries.filter(({ modifiedMs }) => modifiedMs <= this.#afterMs).map(({ path }) => path);
    this.#ignored = new Set(paths.slice(0, IGNORED_MAX));
  }

  /**
   * Chooses the files of a batch and remembers them.
   *
   * @param entries All that is in the directories, in any order; `undefined`: nobody could tell.
   * @param nowMs When the listing was made: the batch's time or later; earlier where the wall clock was set back, and times of
   *   changes are compared with it then.
   * @param leadMs How far the clock was set forward, ahead of the batches: files are new up to so long after the batch's time.
   */
  choose(entries: readonly FileEntry[] | undefined, batchTime: number, nowMs: number, leadMs = 0): Choice {
    const known = this.#chosen.get(batchTime);
    if (known !== undefined || entries === undefined) return { files: known ?? [], gone: [], ignored: new Map() };
    const until = Math.min(batchTime + leadMs, nowMs);
    // Files from before the clock was set forward are new as well.
    const oldest = Math.max(this.#afterMs, Math.min(batchTime, nowMs) - this.#rememberMs);
    const { gone, forgotten } = this.#forget(entries, oldest, batchTime);
    const files = entries
      .filter((entry) => this.#isNew(entry, oldest, until))
      .sort((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
    for (const { path, version } of files) {
      const returns = this.#known.get(path)?.returns ?? 0;
      this.#known.set(path, { since: batchTime, version, returns, waiting: false, told: false });
    }
    this.#chosen.set(batchTime, files);
    return { files, gone, ignored: this.#leaveAlone(entries, { oldest, batchTime, nowMs, forgotten }) };
  }

  /**
   * Takes the files of a failed batch back, to be offered again; the batch itself has none from then on.
   *
   * @param unreadable Files that failed it, and are not to be offered again.
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
    return known === undefined ? modifiedMs > oldest && this.#accepts(path) : known.waiting;
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
        // One that is still written to would be read again from its beginning (features FS-4).
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

  /** A filter that throws fails the batch where it decides something; not here. */
  #wants(path: string): boolean {
    try {
      return this.#accepts(path);
    } catch {
      return false;
    }
  }

  /** Why a file that no batch has chosen is left alone; `undefined`: it is not, or the filter does that. */
  #why(
    { kind, modifiedMs }: FileEntry,
    { oldest, nowMs }: { readonly oldest: number; readonly nowMs: number },
  ): Ignored | undefined {
    if (kind === "directory") return undefined;
    if (kind === "other") return "special";
    if (kind === "unnameable" || kind === "dangling" || kind === "unreachable") return kind;
    if (modifiedMs <= oldest) return modifiedMs <= this.#afterMs ? "old" : "aged";
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
