import type { Attempt } from "@millrace/executor/in-process";
import type { SlotOutcome } from "@millrace/runtime";
import { type BlockPool, freeSlices } from "@millrace/storage";

/** What goes wrong while a job runs: for tests of the engine itself. */
export interface Faults {
  /** An attempt begins. */
  onStart(attempt: Attempt): void;
  /** A function of the job is called within it; what this throws, the function throws. */
  onCall(): void;
  /** Memory for the tables of an attempt that begins. */
  spillBytes(): number;
  /** It ended well. `task`: it is told to have failed all the same. `executor`: all that its executor holds goes too. */
  onSuccess(attempt: Attempt): "nothing" | "task" | "executor";
}

/** Memory that an outcome holds and that nobody will ask for. */
export function freeOutcome(outcome: SlotOutcome, pool: BlockPool): void {
  const blocks = outcome.kind === "mapOutput" ? outcome.blocks : [];
  const result = outcome.kind === "result" && outcome.result.kind === "block" ? [outcome.result.handle] : [];
  for (const handle of [...blocks, ...result]) if (handle !== undefined) freeSlices(handle, pool);
}
