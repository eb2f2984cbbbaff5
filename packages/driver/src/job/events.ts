import type { EpochMs, ExecutorId, Millis, Warning, WarningOver } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { BatchSummary, DrainSummary, ResumedSummary } from "@millrace/rpc";
import type { ExecutorFigures, JobEnd } from "@millrace/scheduler";

/** Memory of one executor process of a job. */
export interface ExecutorMemory {
  readonly slotHeapBytes: number;
  readonly poolBytes: number;
}

/** Events of a job driver for its owner: the supervisor, or `run`. */
export type JobDriverEvent =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      /** The memory that the effective settings require of each executor process. */
      readonly memory: ExecutorMemory;
      /** `stop.timeout` and `driver.restarts.max`, as the job itself has them. */
      readonly stopTimeout: Millis;
      readonly restartsMax: number;
      /** It logs its batches in this directory, and goes on from what an earlier run of it has logged there. */
      readonly log: { readonly directory: Location; readonly resumed: ResumedSummary | undefined } | undefined;
    }
  /** Executors are ready, and the time of the first batch is known. */
  | { readonly type: "running"; readonly executors: number }
  | { readonly type: "batch"; readonly batch: BatchSummary }
  /** The number of batches that wait for the running one; 0 at first. */
  | { readonly type: "waiting"; readonly batches: number }
  | { readonly type: "executors"; readonly executors: number }
  /** The job stops gracefully; again whenever it waits for something else. */
  | { readonly type: "draining"; readonly draining: DrainSummary }
  /** Executors leave: what the job needs each of them for. Again when that changes. */
  | { readonly type: "leaving"; readonly executors: ReadonlyMap<ExecutorId, readonly string[]> }
  /** An executor's figures for the job, about once a second; `undefined`: it is gone. */
  | { readonly type: "figures"; readonly executor: ExecutorId; readonly figures: ExecutorFigures | undefined }
  /** `told`: worth a line in a log; other repetitions are only counted. */
  | { readonly type: "warning"; readonly warning: Warning; readonly at: EpochMs; readonly told: boolean }
  | { readonly type: "warningOver"; readonly over: WarningOver }
  /** The last event. */
  | { readonly type: "ended"; readonly end: JobEnd };
