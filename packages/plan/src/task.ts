import type { ExecutorId, WireError } from "@millrace/base";
import type { BlockId, Holder, OutputRef, StageRunId, StateRef, TaskInput, WrittenFile } from "./action-plan.ts";
import type { StateVersion } from "./state-version.ts";

/** One attempt of one task. Attempt numbers of a task increase from 0, across all reruns of its stage. */
export interface TaskKey {
  readonly run: StageRunId;
  readonly partition: number;
  readonly attempt: number;
}

/**
 * An attempt as the scheduler launches it and as it travels to a slot.
 *
 * @typeParam Input {@link TaskInput} on the way to an executor; in a slot, the same with its blocks pinned.
 */
export interface LaunchTask<Input = TaskInput> extends TaskKey {
  /** Index into the stage's templates. */
  readonly template: number;
  readonly inputs: readonly Input[];
  readonly state?: StateRef;
  readonly output?: OutputRef;
  /** The slot that must run it. The scheduler chooses one for every task, so a slot never has two. */
  readonly slot: number;
}

export interface TaskMetrics {
  readonly runMs: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Bytes written to scratch files because a table or the pool was full. */
  readonly spilledBytes: number;
}

/** Reported by a successful attempt besides its output. */
export interface TaskTally {
  readonly metrics: TaskMetrics;
  /** Encoded updates of the attempt; empty for none. */
  readonly accumulators: Uint8Array;
  /** The version of its partition of state that the attempt wrote; absent if it changed none. */
  readonly state?: StateVersion;
}

/**
 * Frames of result records, in the report up to 64 KB, beyond that as a block to fetch; or the saved file. Passed on
 * unread.
 */
export type TaskResult =
  | { readonly kind: "inline"; readonly block: Uint8Array }
  | { readonly kind: "block"; readonly id: BlockId; readonly bytes: number }
  | { readonly kind: "written"; readonly file: WrittenFile };

export interface MapOutcome extends TaskTally {
  readonly kind: "mapOutput";
  /** `bytes[r]`: size of the block for reduce partition `r`; 0 for none. */
  readonly bytes: readonly number[];
  /** The blocks, by reduce partition, if all of them are small: readers need not fetch them. */
  readonly copies?: readonly Uint8Array[];
  /** The executor that holds second copies of all blocks. */
  readonly replica?: ExecutorId;
  /** CRC-32 of the content of all blocks, in order; equal for equal records in equal order. */
  readonly checksum: number;
}

export interface ResultOutcome extends TaskTally {
  readonly kind: "result";
  readonly result: TaskResult;
}

/** An attempt without output. */
export type TaskFailure =
  | { readonly kind: "failed"; readonly error: WireError }
  /** It was cancelled. */
  | { readonly kind: "cancelled" };

export type TaskOutcome =
  | MapOutcome
  | ResultOutcome
  | TaskFailure
  /** A block could not be fetched from its only known holder: not the task's fault. */
  | { readonly kind: "fetchFailed"; readonly block: BlockId; readonly holder: Holder; readonly error: WireError };

/** An executor's report on a finished attempt. */
export interface TaskStatus {
  readonly task: TaskKey;
  readonly outcome: TaskOutcome;
}
