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
  BlockId,
  LaunchTask,
  PlannedStage,
  ShuffleId,
  StageRunId,
  TaskKey,
  TaskResult,
  TaskStatus,
  UpdatedState,
} from "@millrace/plan";

/** Names one submitted plan within a run of a job; assigned by the submitter, ascending. */
export type PlanId = Brand<number, "PlanId">;
export const planId = (n: number): PlanId => branded<PlanId>(n);

/** Events of the task scheduler. A report names the executor of its session. */
export type TaskEvent =
  | { readonly type: "planSubmitted"; readonly plan: PlanId; readonly action: ActionPlan }
  | { readonly type: "cancelPlan"; readonly plan: PlanId; readonly reason: string }
  /** A session has opened. A known executor counts as lost first: its memory is new. */
  | { readonly type: "executorJoined"; readonly executor: ExecutorId; readonly slots: number }
  /** It has loaded the artefact: tasks may be launched there. */
  | { readonly type: "executorReady"; readonly executor: ExecutorId }
  /**
   * It was told to end, and gets no new tasks while others take them, except those of state that it owns, which moves when
   * the batch has ended.
   */
  | { readonly type: "executorLeaving"; readonly executor: ExecutorId }
  /** Its session ended or its heartbeats stopped, and all it held is lost. `error`: the cause, if known. */
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly error?: WireError }
  /** The outcome of an attempt: its slot is free from now on. */
  | ({ readonly type: "taskReported"; readonly executor: ExecutorId } & TaskStatus)
  /** Answers `retryAfter`. Late ones are harmless. */
  | { readonly type: "retryDue"; readonly task: TaskKey }
  /** Received blocks were copied to the executor. */
  | { readonly type: "holderAdded"; readonly executor: ExecutorId; readonly blocks: readonly BlockId[] }
  /** Received blocks with added holders were released: no later plan reads them. */
  | { readonly type: "copiesReleased"; readonly blocks: readonly BlockId[] }
  /**
   * A batch has ended and the next one has not started. State of leaving executors gets other owners. If executors have
   * joined since the last such moment, state is rebalanced with as few moves as possible. New owners load it from the
   * state's directory.
   */
  | { readonly type: "batchEnded" }
  /** No later plan reads these shuffles. One that a running plan still needs is dropped when that plan ends. */
  | { readonly type: "dropShuffles"; readonly shuffles: readonly ShuffleId[] };

/** Effects of the task scheduler, carried out in this order. */
export type TaskEffect =
  /** Send `stage` before the first launch of its tasks on an executor, and again after its `stageDone`. */
  | { readonly type: "launch"; readonly executor: ExecutorId; readonly stage: PlannedStage; readonly task: LaunchTask }
  /** Answer `retryDue` after the pause: the task's next attempt waits for it. `task`: the failed attempt. */
  | { readonly type: "retryAfter"; readonly task: TaskKey; readonly delay: Millis }
  /** Cancel an attempt. Its slot stays taken until the executor reports it, whatever the outcome. */
  | { readonly type: "cancel"; readonly executor: ExecutorId; readonly task: TaskKey }
  /** No attempt of the stage runs anywhere: executors may drop its captures. A loss may launch it again. */
  | { readonly type: "stageDone"; readonly run: StageRunId }
  | {
      readonly type: "planDone";
      readonly plan: PlanId;
      /** One per partition of the last stage, in partition order. */
      readonly results: readonly HeldResult[];
      /** Updates of every task that the plan ran, counted once per task even if it was rerun. Empty ones are omitted. */
      readonly accumulators: readonly Uint8Array[];
      /** What the tasks that update state for the plan's batch have made of their partitions: of each, the newest version. */
      readonly states: readonly UpdatedState[];
    }
  | { readonly type: "planFailed"; readonly plan: PlanId; readonly error: EngineError }
  | { readonly type: "dropShuffles"; readonly executor: ExecutorId; readonly shuffles: readonly ShuffleId[] }
  /** For the operator; nothing else depends on it. */
  | ({ readonly type: "warning" } & Warning)
  /** A condition is over. */
  | ({ readonly type: "warningOver" } & WarningOver);

export interface HeldResult {
  /** The executor of the task, which serves the result if it is a block. */
  readonly executor: ExecutorId;
  readonly result: TaskResult;
}
