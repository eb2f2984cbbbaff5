import type { Clock, WarningSink } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { ActionPlan, BlockId, BlockLocation, ShuffleId, UpdatedState, WrittenFile } from "@millrace/plan";

/**
 * The job's access to the engine that runs it: implemented by the job driver's thread, `testJob` and the tests of this package.
 * The engine decides where stages run; this side only plans them.
 */
export interface EnginePort extends WarningSink {
  /** The slots of the cluster, or the setting `default.parallelism`; 0 until executors have joined. No action may run before that. */
  readonly defaultParallelism: number;
  readonly clock: Clock;
  /** The file systems in which the driver's side of a job lists directories and publishes what tasks have written. */
  readonly files: FileSystems;
  /**
   * Runs every stage of a plan, parents before children. Plans may run concurrently, but never write the same shuffle at
   * the same time. Rejects with the error of the task that exhausted its attempts.
   */
  run(plan: ActionPlan): Promise<ActionResult>;
  /** Keeps a block at the driver for executors to fetch. Takes ownership of the buffers of `parts`. */
  putBlock(name: BlockId, parts: readonly Uint8Array[]): Promise<BlockLocation>;
  /** Drops blocks of the driver that will not be read again, and the copies on executors. */
  dropBlocks(blocks: readonly BlockId[]): void;
  /** Drops the output of shuffles that no later plan will read; running plans may still read it. */
  dropShuffles(shuffles: readonly ShuffleId[]): void;
  /** Prints the text of `print()`, one whole banner for each call. */
  write(text: string): void;
  /** Turns the delivery of events to `JobGraph.observe` on or off; off at first. */
  watch(on: boolean): void;
  /** `ssc.stop()`: ends the job after the running batch, or at once. */
  stop(graceful: boolean): void;
}

/** The result of a plan. */
export interface ActionResult {
  /** The result block of each task of the last stage, in task order; a block without records has no frames. */
  readonly partitions: readonly Uint8Array[];
  /** For an action that saves: the file of each task, in task order, in place of result blocks. */
  readonly written: readonly WrittenFile[];
  /** Accumulator updates of all successful tasks of all stages, one for each task; empty ones may be omitted. */
  readonly accumulators: readonly Uint8Array[];
  /** The partitions of state that its tasks have updated to the plan's batch. */
  readonly states: readonly UpdatedState[];
}
