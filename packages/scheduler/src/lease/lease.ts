import { assert, type Millis, type ProcessFate, unreachable } from "@millrace/base";
import type { LeaseRecord } from "@millrace/plan";

/** A lease as it was found in a directory. */
export interface FoundLease {
  /** Records are numbered: the highest one counts. */
  readonly number: number;
  /** `undefined`: it cannot be read, as one that is being written. */
  readonly record: LeaseRecord | undefined;
  /** Time since it was written, by the clock of the storage. */
  readonly ageMs: number;
  /** Of its owner's process. */
  readonly fate: ProcessFate;
}

export type LeaseEvent =
  | { readonly type: "started" }
  /** Answers `look`. */
  | { readonly type: "found"; readonly at: number; readonly lease: FoundLease | undefined }
  /** Answers `claim` and `renew`. `begun`: the time before the record was written. `won`: it is there, and the highest. */
  | { readonly type: "written"; readonly begun: number; readonly won: boolean }
  /** The number to be written is taken by a record of this owner, whose writing seemed to have failed. */
  | { readonly type: "ownFound"; readonly number: number }
  /** The storage failed to renew it. */
  | { readonly type: "failed"; readonly at: number }
  /** A requested wake-up. */
  | { readonly type: "tick"; readonly at: number }
  /** Something is about to happen that only the owner may do, after the time for which the lease is sure. */
  | { readonly type: "doubted" }
  | { readonly type: "release" };

export type LeaseEffect =
  /** Look which lease is there; answered by `found`. */
  | { readonly type: "look" }
  /** Write the first record of an owner, unless the number is taken; answered by `written`. */
  | { readonly type: "claim"; readonly number: number; readonly epoch: number }
  /** Write another record, unless the number is taken; answered by `written`, or `failed`. */
  | { readonly type: "renew"; readonly number: number; readonly epoch: number }
  /** Write a last record. */
  | { readonly type: "release"; readonly number: number; readonly epoch: number }
  | { readonly type: "wakeAt"; readonly at: number }
  /** The owner seems to be gone: its lease is waited for. Once. */
  | { readonly type: "waiting"; readonly lease: FoundLease; readonly leftMs: number }
  | { readonly type: "held"; readonly epoch: number }
  /** The directory has a living owner. Nothing follows. */
  | { readonly type: "refused"; readonly lease: FoundLease; readonly leftMs: number }
  /** Another owner has followed. Nothing follows. */
  | { readonly type: "lost" };

export interface LeaseSettings {
  /** The time for which a record holds. */
  readonly lease: Millis;
  /** The epoch of this owner is higher. */
  readonly epochAfter: number;
}

type LeasePhase =
  | { readonly name: "looking" }
  | { readonly name: "waiting" }
  | { readonly name: "claiming"; readonly number: number; readonly epoch: number }
  | {
      readonly name: "held";
      readonly number: number;
      readonly epoch: number;
      /** Until then nobody else can be the owner. */
      readonly sureUntil: number;
      readonly renewAt: number;
      readonly renewing: boolean;
    }
  | { readonly name: "refused" | "lost" | "released" };

/**
 * The ownership of a directory: by one process at a time, for as long as it renews its lease. Times are those of a clock that
 * does not stand still while the process is paused.
 *
 *     looking ─found─▶ claiming ─written─▶ held ─written─▶ held … ─release─▶ released
 *      ▲   │ ▲             │                │ └─written, but not won─▶ lost
 *      │   │ └──not won────┘                └─doubted─▶ renewed before anything else happens
 *   tick   ├─found, and its owner does not renew it─▶ waiting
 *      └───┼──────────────────────────────────────────┘
 *          └─found, and its owner lives─▶ refused
 *
 * Whoever writes the next number first has it, so a claim and the renewal of a late owner exclude each other. An owner is sure of
 * its lease for nine tenths of it, counted from before it wrote; others wait for all of it, counted from after that, by the
 * clock of the storage or by their own, whichever has seen more time pass. No two clocks need to agree.
 */
export interface Lease {
  readonly settings: LeaseSettings;
  phase: LeasePhase;
  /** The record that is being waited for, and when it was first seen. */
  seen: { readonly number: number; readonly at: number } | undefined;
  told: boolean;
  claims: number;
}

/** Claims lost to others, each of whom was faster, before this one gives up. */
const CLAIMS_MAX = 8;
/** Parts of the lease: how often it is renewed, when an owner that renews it is late, and how soon a failed renewal is repeated. */
const RENEWAL = 1 / 3;
const LATE = 1 / 2;
const SURE = 9 / 10;
const AGAIN = 1 / 10;

export function lease(settings: LeaseSettings): Lease {
  return { settings, phase: { name: "looking" }, seen: undefined, told: false, claims: 0 };
}

/** True if nobody else can be the owner at that time, without a look at the storage. */
export function isSure({ phase }: Lease, at: number): boolean {
  return phase.name === "held" && at < phase.sureUntil;
}

/** Advances a lease by one event. Owns `state`; reads no clock. O(1). */
export function stepLease(state: Lease, event: LeaseEvent): readonly LeaseEffect[] {
  switch (event.type) {
    case "started":
      return [{ type: "look" }];
    case "found":
      return state.phase.name === "looking" ? onFound(state, event.lease, event.at) : [];
    case "written":
      return onWritten(state, event);
    case "ownFound":
      return onOwnFound(state, event.number);
    case "failed":
      return onFailed(state, event.at);
    case "tick":
      return onTick(state, event.at);
    case "doubted":
      return renew(state);
    case "release":
      return onRelease(state);
    default:
      return unreachable(event);
  }
}

function onFound(state: Lease, found: FoundLease | undefined, at: number): readonly LeaseEffect[] {
  if (found === undefined) return claim(state, 1, 0);
  const { number, record, fate } = found;
  const next = (): readonly LeaseEffect[] => claim(state, number + 1, record?.epoch ?? 0);
  if (record?.released === true || fate === "dead") return next();
  const { seen } = state;
  state.seen = seen?.number === number ? seen : { number, at };
  const leaseMs = record?.leaseMs ?? state.settings.lease;
  const ageMs = Math.max(found.ageMs, at - state.seen.at);
  const leftMs = leaseMs - ageMs;
  if (leftMs <= 0) return next();
  const renewed = seen !== undefined && seen.number !== number;
  const late = ageMs > leaseMs * LATE;
  if (renewed || state.claims >= CLAIMS_MAX || (fate === "alive" && !late)) {
    state.phase = { name: "refused" };
    return [{ type: "refused", lease: found, leftMs }];
  }
  state.phase = { name: "waiting" };
  const { told } = state;
  state.told = true;
  const wake: LeaseEffect = { type: "wakeAt", at: at + Math.min(leftMs, leaseMs * RENEWAL) };
  return told ? [wake] : [{ type: "waiting", lease: found, leftMs }, wake];
}

function claim(state: Lease, number: number, epochBefore: number): readonly LeaseEffect[] {
  const epoch = Math.max(epochBefore, state.settings.epochAfter) + 1;
  state.claims += 1;
  state.phase = { name: "claiming", number, epoch };
  return [{ type: "claim", number, epoch }];
}

function onWritten(
  state: Lease,
  { begun, won }: Extract<LeaseEvent, { readonly type: "written" }>,
): readonly LeaseEffect[] {
  const { phase } = state;
  switch (phase.name) {
    case "claiming":
      if (!won) {
        state.phase = { name: "looking" };
        return [{ type: "look" }];
      }
      return [{ type: "held", epoch: phase.epoch }, ...hold(state, phase.number, phase.epoch, begun)];
    case "held":
      assert(phase.renewing, "a lease is written when that was asked for");
      if (won) return hold(state, phase.number + 1, phase.epoch, begun);
      state.phase = { name: "lost" };
      return [{ type: "lost" }];
    case "looking":
    case "waiting":
    case "refused":
    case "lost":
    case "released":
      return [];
    default:
      return unreachable(phase);
  }
}

function hold(state: Lease, number: number, epoch: number, begun: number): readonly LeaseEffect[] {
  const { lease: leaseMs } = state.settings;
  const renewAt = begun + leaseMs * RENEWAL;
  state.phase = { name: "held", number, epoch, sureUntil: begun + leaseMs * SURE, renewAt, renewing: false };
  return [{ type: "wakeAt", at: renewAt }];
}

/** When that was written is not known, so it is not relied on. */
function onOwnFound(state: Lease, number: number): readonly LeaseEffect[] {
  const { phase } = state;
  if (phase.name !== "held") return [];
  state.phase = { ...phase, number };
  return [{ type: "renew", number: number + 1, epoch: phase.epoch }];
}

function onFailed(state: Lease, at: number): readonly LeaseEffect[] {
  const { phase } = state;
  if (phase.name !== "held") return [];
  const renewAt = at + state.settings.lease * AGAIN;
  state.phase = { ...phase, renewAt, renewing: false };
  return [{ type: "wakeAt", at: renewAt }];
}

function onTick(state: Lease, at: number): readonly LeaseEffect[] {
  const { phase } = state;
  if (phase.name === "waiting") {
    state.phase = { name: "looking" };
    return [{ type: "look" }];
  }
  if (phase.name !== "held") return [];
  return at < phase.renewAt ? [{ type: "wakeAt", at: phase.renewAt }] : renew(state);
}

function renew(state: Lease): readonly LeaseEffect[] {
  const { phase } = state;
  if (phase.name !== "held" || phase.renewing) return [];
  state.phase = { ...phase, renewing: true };
  return [{ type: "renew", number: phase.number + 1, epoch: phase.epoch }];
}

function onRelease(state: Lease): readonly LeaseEffect[] {
  const { phase } = state;
  state.phase = { name: "released" };
  return phase.name === "held" ? [{ type: "release", number: phase.number + 1, epoch: phase.epoch }] : [];
}
