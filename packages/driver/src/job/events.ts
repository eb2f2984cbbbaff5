import type { ExecutorId, WireError } from "@millrace/base";
import type { BatchSummary } from "@millrace/rpc";

/** Memory of one executor process of a job. */
export interface ExecutorMemory {
  readonly slotHeapBytes: number;
  readonly poolBytes: number;
}

/** What a job driver tells whoever runs it: the supervisor, or `run`. */
export type JobEvent =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      /** What the job's settings, its own and those of its start, ask for in each executor process. */
      readonly memory: ExecutorMemory;
    }
  /** The first batch's time is fixed and executors are there. */
  | { readonly type: "running"; readonly executors: number }
  | { readonly type: "batch"; readonly batch: BatchSummary }
  | { readonly type: "executors"; readonly executors: number }
  /**
   * Something the operator should know and that does not end the job. With a `condition` it holds until `conditionOver` names
   * that, or another warning of the same condition takes its place.
   */
  | { readonly type: "warning"; readonly message: string; readonly condition?: string }
  /** What was warned of no longer holds. `message`: news of it, for the log and the console, not for `status`. */
  | { readonly type: "conditionOver"; readonly condition: string; readonly message: string | undefined }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly reason: string }
  /** The last event. */
  | { readonly type: "ended"; readonly error: WireError | undefined };
