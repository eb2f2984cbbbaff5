import type { EpochMs, ExecutorId, Millis, Warning, WarningOver } from "@millrace/base";
import type { BatchSummary } from "@millrace/rpc";
import type { ExecutorFigures, JobEnd } from "@millrace/scheduler";

/** Memory of one executor process of a job. */
export interface ExecutorMemory {
  readonly slotHeapBytes: number;
  readonly poolBytes: number;
}

/** What a job driver tells whoever runs it: the supervisor, or `run`. */
export type JobDriverEvent =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      /** What the job's settings, its own and those of its start, ask for in each executor process. */
      readonly memory: ExecutorMemory;
      /** `stop.timeout`, as the job itself has it. */
      readonly stopTimeout: Millis;
    }
  /** The first batch's time is fixed and executors are there. */
  | { readonly type: "running"; readonly executors: number }
  | { readonly type: "batch"; readonly batch: BatchSummary }
  /** Batches that wait for the one that runs; none at first. */
  | { readonly type: "waiting"; readonly batches: number }
  | { readonly type: "executors"; readonly executors: number }
  /** What an executor does for the job, about once a second; `undefined`: it is gone. */
  | { readonly type: "figures"; readonly executor: ExecutorId; readonly figures: ExecutorFigures | undefined }
  /** `told`: worth a line for whoever watches; the other repetitions only count. */
  | { readonly type: "warning"; readonly warning: Warning; readonly at: EpochMs; readonly told: boolean }
  | { readonly type: "warningOver"; readonly over: WarningOver }
  /** The last event. */
  | { readonly type: "ended"; readonly end: JobEnd };
