import type { Clock, WarningSink } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { BlockId, BlockLocation, JobPlan, ShuffleId, WrittenFile } from "@millrace/plan";

/**
 * What the job's graph asks of the process that hosts it: the job driver's thread, the embedded cluster or a test. The
 * host decides where stages run; this side only plans them.
 */
export interface EnginePort extends WarningSink {
  /** Slots of the cluster, or the setting `default.parallelism`; 0 until the cluster is there, and no action may run before. */
  readonly defaultParallelism: number;
  readonly clock: Clock;
  /** What the driver's side of a job lists, and publishes of what tasks have written. */
  readonly files: FileSystems;
  /**
   * Runs every stage of a plan, parents before children; plans may run side by side and never write the same shuffle at
   * the same time. Rejects with the error of the task that failed for good.
   */
  run(plan: JobPlan): Promise<ActionResult>;
  /** Keeps a block at the driver for the executors to fetch. The host may take the buffers of `parts`. */
  putBlock(name: BlockId, parts: readonly Uint8Array[]): Promise<BlockLocation>;
  /** Blocks of the driver that nothing will read again, with the copies that executors made. */
  dropBlocks(blocks: readonly BlockId[]): void;
  /** Output of shuffles that no plan will read again; plans that run still may. */
  dropShuffles(shuffles: readonly ShuffleId[]): void;
  /** Text of `print()`, whole banners at a time. */
  write(text: string): void;
  /** Whether somebody wants to hear of events (`JobGraph.observe`); not at first. */
  watch(on: boolean): void;
  /** `ssc.stop()`: ends the job after the running batch, or at once. */
  stop(graceful: boolean): void;
}

/** What a plan gave. */
export interface ActionResult {
  /** The result block of each task of the last stage, in the order of its tasks; an empty one has no frames. */
  readonly partitions: readonly Uint8Array[];
  /** Of an action that saves: the file of each task instead of a block, in the order of the tasks. */
  readonly written: readonly WrittenFile[];
  /** Accumulator updates of every task of every stage that succeeded, once each; empty ones may be left out. */
  readonly accumulators: readonly Uint8Array[];
}
