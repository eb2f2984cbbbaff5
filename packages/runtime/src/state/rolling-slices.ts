import { KEY_GROUPS } from "@millrace/codec";
import type { StateVersion } from "@millrace/plan";
import { type DeltaLink, type GroupRange, keysOfSlice, sliceFrom } from "@millrace/storage";
import { MergeRuns } from "./merge-runs.ts";
import type { PartitionState } from "./partition-state.ts";
import { SlicePace } from "./slice-pace.ts";

/** Bytes of a key in a file, before one has been written. */
const KEY_BYTES = 32;

/** A round of fewer slices replaces the deltas before they are worth being merged. */
const MERGED_SLICES_MIN = 4;

export interface RollingOptions {
  readonly roundDeltas: number;
  readonly sliceKeys: number;
  /** Deltas that are merged into one, if they are to be fewer than usual. */
  readonly mergedDeltas?: number | undefined;
}

/** What a partition has in files: the versions that lead to its state, and the slice whose turn it is. */
export class RollingSlices {
  readonly merges: MergeRuns;
  /** From the oldest that is known to the published one. */
  readonly #chain: StateVersion[];
  readonly #pace: SlicePace;
  #next = 0;
  /** Keys of a slice, at most. */
  readonly #most: number;
  #keyBytes = KEY_BYTES;

  /** The batch of the version that was published when the round began. */
  #roundFrom = 0;

  /** @param known Versions that are known, and their deltas, newest first. */
  constructor(
    options: RollingOptions,
    { chain, links }: { readonly chain: readonly StateVersion[]; readonly links: readonly DeltaLink[] },
  ) {
    this.merges = new MergeRuns(links, options.mergedDeltas);
    this.#pace = new SlicePace(options.roundDeltas);
    this.#most = options.sliceKeys;
    this.#chain = [...chain].reverse();
  }

  /** The versions that lead to the published one, newest first. */
  get chain(): readonly StateVersion[] {
    return [...this.#chain].reverse();
  }

  /** Keys that a slice should have. */
  get sliceKeys(): number {
    return Math.min(this.#most, keysOfSlice(this.#keyBytes));
  }

  /** A delta was read. */
  read(bytes: number, deltas: number): void {
    for (let delta = 0; delta < deltas; delta++) this.#pace.addDelta(bytes / deltas);
  }

  /** A version was published. */
  published(version: StateVersion, deltaBytes: number): void {
    this.#chain.push(version);
    this.merges.add(version, deltaBytes);
    this.#pace.addDelta(deltaBytes);
  }

  /** True if the state is large enough for its deltas to be merged. */
  isMerged(state: PartitionState): boolean {
    return this.#slicesOf(state) >= MERGED_SLICES_MIN;
  }

  /** The range of the slice to be written now, if one is. */
  due(state: PartitionState): GroupRange | undefined {
    if (state.head === undefined || !this.#pace.isDue(this.#slicesOf(state))) return undefined;
    const range = sliceFrom(this.#next, state.table.counts, this.sliceKeys);
    return state.unread?.overlaps(range) === true ? undefined : range;
  }

  /** The slice was encoded. True if it was the last of its round. */
  encoded(
    state: PartitionState,
    { last }: GroupRange,
    encoded: { readonly keys: number; readonly bytes: number },
  ): boolean {
    const { keys, bytes } = encoded;
    if (keys > 0) this.#keyBytes = bytes / keys;
    this.#pace.addSlice(bytes, this.#slicesOf(state));
    if (this.#next === 0) this.#roundFrom = state.head?.batch ?? 0;
    this.#next = (last + 1) % KEY_GROUPS;
    if (this.#next > 0) return false;
    this.merges.drop(this.#roundFrom); // every group has a newer slice
    return true;
  }

  /** Files of versions before this batch have been removed. */
  swept(before: number): void {
    const kept = this.#chain.findIndex(({ batch }) => batch >= before);
    if (kept > 0) this.#chain.splice(0, kept);
  }

  #slicesOf({ table }: PartitionState): number {
    return Math.max(1, Math.ceil(table.size / this.sliceKeys));
  }
}
