import { type Rng, SeededRng, type StepName } from "@millrace/base";
import type { Deed, Fault, ProcessKind } from "./fault.ts";

/** What the walk does next, drawn in one go: what happens meanwhile does not change what the next draws are. */
export interface Choice {
  /** Files and the records of each that are fed first. */
  readonly files: readonly number[];
  readonly does: Does;
  /** How long a process that was stopped sleeps. */
  readonly sleepMs: number;
  /** What was saved so far is compared after it. */
  readonly compares: boolean;
}

/** What the job of a walk reads. */
export type WalkReads = "files" | "reliable source";

/** Drawn apart from the choices of the walk. */
export const readsOf = (seed: number): WalkReads => (new SeededRng(seed).int(2) === 0 ? "files" : "reliable source");

export type Does =
  | { readonly kind: "step"; readonly fault: Omit<Fault, "id"> }
  | { readonly kind: "signal"; readonly whom: ProcessKind; readonly signal: "SIGKILL" | "SIGSTOP" | "SIGTERM" }
  | { readonly kind: "killAll" };

/** Those that come in every few batches, so that a fault is not waited for in vain. */
const STEPS: readonly StepName[] = [
  "log.planned",
  "task",
  "delta",
  "snapshot",
  "staging",
  "log.prepared",
  "publish",
  "log.committed",
  "release",
];
/** Those that come with records of the reliable source. */
const RECEIVING: readonly StepName[] = ["received", "acknowledge"];
/** Those that write a file with something in it. */
const WRITES: readonly StepName[] = ["log.planned", "delta", "snapshot", "log.prepared", "log.committed"];
const CODES = ["ENOSPC", "EROFS", "EIO"] as const;
const KINDS = ["driver", "jobDriver", "executor", "jobExecutor"] as const;

export function choose(rng: Rng, reads: WalkReads): Choice {
  const files = Array.from({ length: 1 + rng.int(3) }, () => 1 + rng.int(20));
  return { files, does: deedOf(rng, reads), sleepMs: 200 + rng.int(4_000), compares: rng.int(4) === 0 };
}

function deedOf(rng: Rng, reads: WalkReads): Does {
  const draw = rng.int(20);
  if (draw < 1) return { kind: "killAll" };
  if (draw < 3) return { kind: "signal", whom: pick(rng, KINDS), signal: "SIGKILL" };
  if (draw < 4) return { kind: "signal", whom: pick(rng, KINDS), signal: "SIGSTOP" };
  if (draw < 5) return { kind: "signal", whom: "executor", signal: "SIGTERM" };
  return { kind: "step", fault: faultOf(rng, reads) };
}

function faultOf(rng: Rng, reads: WalkReads): Omit<Fault, "id"> {
  const receives = reads === "reliable source";
  // More often than each of the many other steps.
  const steps = receives ? [...STEPS, ...RECEIVING, ...RECEIVING] : STEPS;
  const writes: readonly StepName[] = receives ? [...WRITES, "received"] : WRITES;
  const nth = 1 + rng.int(6);
  const draw = rng.int(10);
  if (draw < 3) {
    // A disk that has just become full takes the first half.
    const partly = rng.int(2) === 0 ? { partly: true as const } : {};
    const deed: Deed = { kind: "refuse", code: pick(rng, CODES), calls: 1 + rng.int(3), ...partly };
    return { step: pick(rng, writes), when: "before", nth, deed };
  }
  const at = { step: pick(rng, steps), when: rng.int(2) === 0 ? "before" : "after", nth } as const;
  if (draw < 4) return { ...at, deed: { kind: "pause" } };
  if (draw < 5) return { ...at, deed: { kind: "kill", whom: "all" } };
  if (draw < 6) return { ...at, deed: { kind: "kill", whom: pick(rng, KINDS) } };
  return { ...at, deed: { kind: "kill", whom: "self" } };
}

function pick<T>(rng: Rng, some: readonly T[]): T {
  const one = some[rng.int(some.length)];
  if (one === undefined) throw new Error("there is nothing to pick from");
  return one;
}

/** `kill self before delta, 2`: the name of a deed, by which faults are counted, and where it strikes. */
export function inWords(does: Does): { readonly deed: string; readonly where: string } {
  switch (does.kind) {
    case "killAll":
      return { deed: "SIGKILL of all", where: "now" };
    case "signal":
      return { deed: `${does.signal} of ${does.whom}`, where: "now" };
    case "step": {
      const { step, when, nth, deed } = does.fault;
      return { deed: deedInWords(deed), where: `${when} ${step}, ${nth}` };
    }
    default:
      return does satisfies never;
  }
}

function deedInWords(deed: Deed): string {
  switch (deed.kind) {
    case "kill":
      return deed.whom === "self" ? "SIGKILL" : `SIGKILL of ${deed.whom}`;
    case "pause":
      return "SIGSTOP";
    case "refuse":
      return `${deed.code}${deed.partly === true ? " in mid-write" : ""}`;
    case "refuseAll":
      return `${deed.code} in all of ${deed.part}`;
    default:
      return deed satisfies never;
  }
}
