import { type BatchGenerator, batchAtTurn, batchesDue } from "./batch-state.ts";

/** The batches that a graceful stop still waits for, for people. O(1). */
export function batchWaits(state: BatchGenerator): readonly string[] {
  if (state.mode === "new" || state.mode === "stopped") return [];
  const time = batchAtTurn(state);
  const more = batchesDue(state) - (time === undefined ? 0 : 1);
  const waits: string[] = [];
  if (time !== undefined) waits.push(`batch ${new Date(time).toISOString()}, which ${doing(state)}`);
  if (more > 0) waits.push(`${more} ${time === undefined ? "" : "more "}${more === 1 ? "batch" : "batches"}`);
  return waits;
}

function doing({ fixing, commit }: BatchGenerator): string {
  if (fixing !== undefined) return "chooses its input";
  return commit === undefined ? "runs" : "commits its outputs";
}
