import { type Deferred, deferred } from "@millrace/base";
import type { StateRef } from "@millrace/plan";
import { mergeDeltas, SLICE_BYTES, type StateFiles } from "@millrace/storage";
import type { MergeRuns } from "./merge-runs.ts";

/** A partition whose deltas may have to be merged. */
export interface MergedPartition {
  readonly ref: StateRef;
  readonly files: StateFiles;
  readonly merges: MergeRuns;
  /** Of the delta that was just written. */
  readonly deltaBytes: number;
}

/** Bytes of a merged delta are read, put in order and written. */
const WORK = 3;

/**
 * Merges the deltas of a slot's partitions: in the background, one run at a time, piece by piece while the slot has no task. Where that
 * does not keep up, tasks wait for some of it. None of it has to succeed.
 */
export class DeltaMerger {
  readonly #idle: () => Promise<void>;
  #merging: Promise<void> | undefined;
  /** Pieces of work that may be done at once. */
  #granted = 0;
  #grant: Deferred<void> = deferred();

  /** @param idle Resolves when the slot has no task to run, or has had one for long enough. */
  constructor(idle: () => Promise<void>) {
    this.#idle = idle;
  }

  /** Resolves when nothing is being merged. For tests. */
  async settled(): Promise<void> {
    while (this.#merging !== undefined) await this.#merging;
  }

  /** A batch has written its delta. */
  merge({ ref, files, merges, deltaBytes }: MergedPartition): void {
    if (merges.behind) {
      this.#granted = 1 + Math.ceil((WORK * deltaBytes) / SLICE_BYTES);
      this.#grant.resolve();
    }
    if (this.#merging !== undefined) return;
    const links = merges.due();
    if (links === undefined) return;
    this.#merging = mergeDeltas(files, ref, links, () => this.#pause())
      .catch(() => undefined) // the deltas are still there
      .then((merged) => {
        merges.merged(links, merged && { version: merged.version, merged, bytes: merged.bytes });
        this.#merging = undefined;
      });
  }

  async #pause(): Promise<void> {
    if (this.#granted === 0) {
      this.#grant = deferred();
      await Promise.race([this.#idle(), this.#grant.promise]);
    }
    this.#granted = Math.max(0, this.#granted - 1);
  }
}
