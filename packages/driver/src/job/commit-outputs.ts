import type { JobGraph } from "@millrace/api/engine";
import { afterStep, beforeStep, type EpochMs, toWireError } from "@millrace/base";
import type { PreparedOutput } from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";

/**
 * Commits prepared outputs of a batch in sequence, each independently of the others.
 *
 * @param prove Called before each; what it rejects with ends all of it. Otherwise, never rejects.
 */
export async function commitOutputs(
  graph: Pick<JobGraph, "commitOutput">,
  time: EpochMs,
  outputs: readonly PreparedOutput[],
  prove: () => Promise<void> = async () => undefined,
): Promise<readonly RefusedOutput[]> {
  const refused: RefusedOutput[] = [];
  for (const prepared of outputs) {
    await prove();
    const path = prepared.kind === "files" ? prepared.directory : undefined;
    try {
      beforeStep("publish", path);
      await graph.commitOutput(time, prepared);
      afterStep("publish", path);
    } catch (error) {
      refused.push({ prepared, error: toWireError(error) });
    }
  }
  return refused;
}

/** Discards prepared outputs of a batch. Never rejects. */
export async function discardOutputs(
  graph: Pick<JobGraph, "discardOutput">,
  time: EpochMs,
  outputs: readonly PreparedOutput[],
): Promise<void> {
  await Promise.all(outputs.map((prepared) => graph.discardOutput(time, prepared)));
}
