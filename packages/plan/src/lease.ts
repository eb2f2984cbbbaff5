import type { EpochMs, ProcessIdentity } from "@millrace/base";

/** One state of the lease of a directory, as its owner wrote it: each claim and each renewal writes a new one. */
export interface LeaseRecord {
  /** Each owner has a higher one than those before it. */
  readonly epoch: number;
  readonly owner: LeaseOwner;
  /** By the owner's wall clock, for people: when it became the owner, and when it wrote this. */
  readonly since: EpochMs;
  readonly renewed: EpochMs;
  /** Without another record, the owner may be replaced this long after it wrote this one. */
  readonly leaseMs: number;
  /** The owner has ended in an orderly way: anybody may follow. */
  readonly released: boolean;
}

export interface LeaseOwner {
  /** `job "words"`. */
  readonly what: string;
  readonly process: ProcessIdentity;
  /** Differs from that of every other owner. */
  readonly token: string;
}
