import type { Attempt } from "@millrace/executor/in-process";
import type { SlotOutcome } from "@millrace/runtime";
import { type BlockPool, freeSlices } from "@millrace/storage";

/** Injected faults while a job runs: for tests of the engine itself. */
export interface Faults {
  /** An attempt begins. */
  onStart(attempt: Attempt): void;
  /** A function of the job is called during the attempt; an error thrown here is thrown by the function. */
  onCall(): void;
  /** Memory for the tables of an attempt that begins. */
  spillBytes(): number;
  /**
   * It succeeded. `task`: it is reported as failed nevertheless. `executor`: everything that its executor holds is lost
   * too.
   */
  onSuccess(attempt: Attempt): "nothing" | "task" | "executor";
}

/** Frees memory held by an outcome that will not be read. */
export function freeOutcome(outcome: SlotOutcome, pool: BlockPool): void {
  const blocks = outcome.kind === "mapOutput" ? outcome.blocks : [];
  const result = outcome.kind === "result" && outcome.result.kind === "block" ? [outcome.result.handle] : [];
  for (const handle of [...blocks, ...result]) if (handle !== undefined) freeSlices(handle, pool);
}
