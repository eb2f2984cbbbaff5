import { isSameVersion, type StateVersion } from "@millrace/plan";
import type { DeltaLink } from "@millrace/storage";

/** So many deltas in a row that were merged equally often are merged into one. */
const RUN = 16;
/** Deltas that have not been merged are, once they have so many bytes. */
const RUN_BYTES = 1024 * 1024;
/** With so many times as much, merging does not keep up. */
const BEHIND = 4;

/**
 * Decides which deltas of a partition are merged. All that a load reads before the first key are the deltas that have not been
 * merged, and the lists of those that have: so the first are kept to a constant, and the number of the others to some of each
 * level, of which there are few, since each is `RUN` times as long as the one below.
 */
export class MergeRuns {
  readonly #run: number;
  /** Oldest first. Each builds on the one before. */
  #links: DeltaLink[];

  /** @param links Newest first. */
  constructor(links: readonly DeltaLink[], run: number = RUN) {
    this.#run = run;
    this.#links = [...links].reverse();
  }

  /** A version was published. */
  add(version: StateVersion, bytes: number): void {
    this.#links.push({ version, merged: undefined, bytes });
  }

  /** The deltas to be merged now, newest first. */
  due(): readonly DeltaLink[] | undefined {
    for (let end = this.#links.length; end > 0; ) {
      const level = levelOf(this.#links[end - 1]);
      let start = end - 1;
      while (start > 0 && levelOf(this.#links[start - 1]) === level) start -= 1;
      const run = this.#links.slice(start, end);
      if (run.length >= this.#run || (level === 0 && bytesOf(run) >= RUN_BYTES)) return run.reverse();
      end = start;
    }
    return undefined;
  }

  /** True if there is much that has not been merged. */
  get behind(): boolean {
    const run = this.#links.filter((link) => link.merged === undefined);
    return run.length > BEHIND * this.#run || bytesOf(run) > BEHIND * RUN_BYTES;
  }

  /**
   * Deltas were merged, as far as possible: `merged` takes the place of the newest of them. Those that could not be merged never are,
   * nor what is older.
   *
   * @param links As `due` returned them.
   */
  merged(links: readonly DeltaLink[], merged: DeltaLink | undefined): void {
    const [newest] = links;
    const at = newest === undefined ? -1 : this.#links.indexOf(newest);
    if (at < 0) return;
    const count = merged?.merged === undefined ? 0 : links.findIndex((link) => isOldestOf(merged, link)) + 1;
    const newer = this.#links.slice(at + 1);
    const older = count === links.length ? this.#links.slice(0, Math.max(0, at + 1 - count)) : [];
    this.#links = [...older, ...(merged === undefined ? [] : [merged]), ...newer];
  }

  /** What is of batches before this one is not read any more. */
  drop(before: number): void {
    const kept = this.#links.findIndex(({ version }) => version.batch >= before);
    if (kept > 0) this.#links.splice(0, kept);
  }
}

function isOldestOf({ merged }: DeltaLink, link: DeltaLink): boolean {
  return isSameVersion(oldestOf(link), merged?.older.at(-1) ?? merged?.version);
}

const oldestOf = ({ version, merged }: DeltaLink): StateVersion => merged?.older.at(-1) ?? version;

const levelOf = (link: DeltaLink | undefined): number => link?.merged?.level ?? 0;

function bytesOf(links: readonly DeltaLink[]): number {
  return links.reduce((sum, { bytes }) => sum + bytes, 0);
}
