import { type EpochMs, epochMs } from "@millrace/base";
import { KEY_GROUPS } from "@millrace/codec";
import type { FunctionRef } from "@millrace/operators";

/**
 * One version of one partition of an operator's state: the batch, the attempt of its task and the owner of the checkpoint
 * directory that wrote it. Unique, so that what a rerun or a late attempt of a lost owner writes is never taken for another's.
 */
export interface StateVersion {
  readonly batch: EpochMs;
  /** Unique within the epoch for the batch, the operator and the partition. */
  readonly attempt: number;
  /** The owner's epoch in the batch log; 0 for a job without one. */
  readonly epoch: number;
}

/** The committed state of an operator. A version names the one that it builds on, so these say which files are live. */
export interface StateHeads {
  /** The last batch that updated the whole state, whether or not it changed anything. */
  readonly batch: EpochMs;
  readonly partitions: number;
  /** By partition, the last version; `undefined`: it never had a key. */
  readonly heads: readonly (StateVersion | undefined)[];
  /** What the state was in before. Files of it may not be kept any more. */
  readonly former?: FormerHeads;
}

/** The state of an operator before batch `until` gave it another number of partitions. */
export interface FormerHeads {
  readonly until: EpochMs;
  readonly heads: StateHeads;
}

/** Changes of the number of partitions that are remembered. */
const FORMER_MAX = 3;

/** The heads that batch `batch` has left, which remember those before it if the number of partitions has changed. */
export function headsAfter(before: StateHeads | undefined, after: StateHeads, batch: EpochMs): StateHeads {
  const { former: _, ...heads } = after;
  if (before === undefined) return heads;
  const former =
    before.partitions === after.partitions ? before.former : { until: batch, heads: cut(before, FORMER_MAX - 1) };
  return former === undefined ? heads : { ...heads, former };
}

function cut({ former, ...heads }: StateHeads, left: number): StateHeads {
  if (former === undefined || left === 0) return heads;
  return { ...heads, former: { ...former, heads: cut(former.heads, left - 1) } };
}

/** State versions, known only when a batch runs. */
export interface StateVersions {
  /** The state that the batch builds on; `undefined`: it begins without keys. */
  readonly before: StateHeads | undefined;
  /** No version as of an earlier batch is read again. */
  readonly oldest: EpochMs;
  readonly batch: EpochMs;
}

/** What the values of a state are. */
export interface StateSchema {
  /** From 1. */
  readonly version: number;
  /** `(old, fromVersion, key) => new | undefined`: makes values of this version out of older ones. */
  readonly migrate: FunctionRef | undefined;
}

export function isSameVersion(a: StateVersion | undefined, b: StateVersion | undefined): boolean {
  return a?.batch === b?.batch && a?.attempt === b?.attempt && a?.epoch === b?.epoch;
}

/** As in the names of its files: `1764460800000-3-1`. */
export function versionName({ batch, attempt, epoch }: StateVersion): string {
  return `${batch}-${attempt}-${epoch}`;
}

/** @returns `undefined`: it is not such a name. */
export function parseVersionName(name: string): StateVersion | undefined {
  const match = /^(\d{1,16})-(\d{1,16})-(\d{1,10})$/.exec(name);
  return match === null
    ? undefined
    : { batch: epochMs(Number(match[1])), attempt: Number(match[2]), epoch: Number(match[3]) };
}

/**
 * The heads of a state that was in another number of partitions: those that may have keys of `partition`, the others left out.
 *
 * @param byHash Keys are placed by their key groups; otherwise any partition may have them.
 */
export function formerHeads(
  former: StateHeads,
  {
    partition,
    partitions,
    byHash,
  }: { readonly partition: number; readonly partitions: number; readonly byHash: boolean },
): StateHeads {
  const own = groupsOf(partition, partitions);
  const heads = former.heads.map((head, p) => {
    const theirs = groupsOf(p, former.partitions);
    return !byHash || (theirs.from < own.until && own.from < theirs.until) ? head : undefined;
  });
  return { ...former, heads };
}

/** The key groups whose keys `partitionOf` places in a partition. */
export function groupsOf(partition: number, partitions: number): { readonly from: number; readonly until: number } {
  const from = (p: number): number => Math.ceil((p * KEY_GROUPS) / partitions);
  return { from: from(partition), until: from(partition + 1) };
}
