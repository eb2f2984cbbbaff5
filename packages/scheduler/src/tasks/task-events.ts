import {
  type Brand,
  branded,
  type EngineError,
  type ExecutorId,
  type Millis,
  type Warning,
  type WarningOver,
  type WireError,
} from "@millrace/base";
import type {
  ActionPlan,
  LaunchTask,
  PlannedStage,
  ShuffleId,
  StageRunId,
  TaskKey,
  TaskResult,
  TaskStatus,
} from "@millrace/plan";

/** Names one submitted plan within a run of a job; assigned by the submitter, ascending. */
export type PlanId = Brand<number, "PlanId">;
export const planId = (n: number): PlanId => branded<PlanId>(n);

/** Events of the task scheduler. A report names the executor of its session. */
export type TaskEvent =
  | { readonly type: "planSubmitted"; readonly plan: PlanId; readonly action: ActionPlan }
  | { readonly type: "cancelPlan"; readonly plan: PlanId; readonly reason: string }
  /** A session began. A known executor counts as lost first: its memory is new. */
  | { readonly type: "executorJoined"; readonly executor: ExecutorId; readonly slots: number }
  /** It has loaded the artefact: tasks may be launched there. */
  | { readonly type: "executorReady"; readonly executor: ExecutorId }
  /** Its session ended or its heartbeats stopped. Everything it held is lost. `error`: why, if known. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly error?: WireError }
  /** The outcome of an attempt: its slot is free from now on. */
  | ({ readonly type: "taskReported"; readonly executor: ExecutorId } & TaskStatus)
  /** Answers `retryAfter`. Late ones are harmless. */
  | { readonly type: "retryDue"; readonly task: TaskKey }
  /**
   * Between two batches. If executors have joined since the last one, state is rebalanced over the current slots,
   * moving as few partitions as possible: their new owners load them from the state's directory.
   */
  | { readonly type: "batchEnded" }
  /** No later plan reads these. One that a running plan still needs is dropped when that plan ends. */
  | { readonly type: "dropShuffles"; readonly shuffles: readonly ShuffleId[] };

/** What the shell does for the task scheduler, in this order. */
export type TaskEffect =
  /** `stage` is sent before the first launch of its tasks on an executor, and again after its `stageDone`. */
  | { readonly type: "launch"; readonly executor: ExecutorId; readonly stage: PlannedStage; readonly task: LaunchTask }
  /** Answer `retryDue` after the pause: the task's next attempt waits for it. `task`: the failed attempt. */
  | { readonly type: "retryAfter"; readonly task: TaskKey; readonly delay: Millis }
  /** The slot stays taken until the executor reports the attempt, with any outcome. */
  | { readonly type: "cancel"; readonly executor: ExecutorId; readonly task: TaskKey }
  /** No attempt of the stage runs anywhere; executors may drop its captures. It may be launched again after a loss. */
  | { readonly type: "stageDone"; readonly run: StageRunId }
  | {
      readonly type: "planDone";
      readonly plan: PlanId;
      /** One per partition of the last stage, in partition order. */
      readonly results: readonly HeldResult[];
      /** Updates of every task that the plan ran, each task once however often it was rerun. No empty ones. */
      readonly accumulators: readonly Uint8Array[];
    }
  | { readonly type: "planFailed"; readonly plan: PlanId; readonly error: EngineError }
  | { readonly type: "dropShuffles"; readonly executor: ExecutorId; readonly shuffles: readonly ShuffleId[] }
  /** For the operator; nothing else depends on it. */
  | ({ readonly type: "warning" } & Warning)
  /** A condition is over. */
  | ({ readonly type: "warningOver" } & WarningOver);

export interface HeldResult {
  /** Its task's executor, which serves it if it is a block. */
  readonly executor: ExecutorId;
  readonly result: TaskResult;
}
