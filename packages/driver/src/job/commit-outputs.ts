import type { JobGraph } from "@millrace/api/engine";
import { type EpochMs, toWireError } from "@millrace/base";
import type { PreparedOutput } from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";

/** Commits what outputs of a batch have prepared, in sequence and independently of each other. Never rejects. */
export async function commitOutputs(
  graph: Pick<JobGraph, "commitOutput">,
  time: EpochMs,
  outputs: readonly PreparedOutput[],
): Promise<readonly RefusedOutput[]> {
  const refused: RefusedOutput[] = [];
  for (const prepared of outputs) {
    try {
      await graph.commitOutput(time, prepared);
    } catch (error) {
      refused.push({ prepared, error: toWireError(error) });
    }
  }
  return refused;
}

/** Discards what outputs of a batch have prepared. Never rejects. */
export async function discardOutputs(
  graph: Pick<JobGraph, "discardOutput">,
  time: EpochMs,
  outputs: readonly PreparedOutput[],
): Promise<void> {
  await Promise.all(outputs.map((prepared) => graph.discardOutput(time, prepared)));
}
