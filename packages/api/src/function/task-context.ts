import type { EpochMs } from "@millrace/base";
import { noTask } from "../errors.ts";
import type { AccumulatorKind, AnySpec } from "../shared/accumulator-kinds.ts";

/** The task that a thread runs, described by its task runner. */
export interface TaskInfo {
  readonly stageId: number;
  readonly partitionId: number;
  /** The number of partitions of the stage's RDD. */
  readonly numPartitions: number;
  readonly attemptNumber: number;
  readonly batchTime: EpochMs;
  /** True if the attempt was cancelled and its result will be ignored. */
  readonly interrupted: () => boolean;
}

/** The share of an accumulator's total that one task has added. */
export type AccumulatorUpdate = readonly [id: number, kind: AccumulatorKind, share: unknown];

/** Called with the error when an attempt has failed. */
export type TaskFailureListener = (context: TaskContext, error: unknown) => unknown;
/** Called when an attempt has ended, successful or not. */
export type TaskCompletionListener = (context: TaskContext) => unknown;

/** One attempt of a task on its thread: the context that the job's functions see, and their accumulator updates. */
export class TaskScope {
  readonly info: TaskInfo;
  readonly context: TaskContext;
  readonly #shares = new Map<number, { readonly kind: AccumulatorKind; readonly title: string; share: unknown }>();
  #completionListeners: TaskCompletionListener[] = [];
  #failureListeners: TaskFailureListener[] = [];
  #failure: { readonly error: unknown } | undefined;
  #over = false;

  constructor(info: TaskInfo) {
    this.info = info;
    this.context = new TaskContext(this);
  }

  /** Adds a value to the attempt's share of an accumulator. @param to The accumulator; `title` is for messages. */
  add(
    to: { readonly id: number; readonly kind: AccumulatorKind; readonly title: string },
    spec: AnySpec,
    value: unknown,
  ): void {
    const { id, kind, title } = to;
    let own = this.#shares.get(id);
    if (own === undefined) {
      own = { kind, title, share: spec.zero() };
      this.#shares.set(id, own);
    }
    own.share = spec.add(own.share, value);
  }

  /** The updates to send if the attempt succeeds, encoded with `encodeValue`; if empty, nothing needs to be sent. */
  updates(): readonly AccumulatorUpdate[] {
    return [...this.#shares].map(([id, { kind, share }]) => [id, kind, share]);
  }

  /** The accumulator's name in messages: `the long accumulator bad lines`. */
  titleOf(accumulator: number): string {
    return this.#shares.get(accumulator)?.title ?? `accumulator ${accumulator}`;
  }

  get isOver(): boolean {
    return this.#over;
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  onCompletion(listener: TaskCompletionListener): void {
    if (this.#over) listener(this.context);
    else this.#completionListeners.push(listener);
  }

  onFailure(listener: TaskFailureListener): void {
    if (this.#failure !== undefined) listener(this.context, this.#failure.error);
    else this.#failureListeners.push(listener);
  }

  /**
   * Ends a successful attempt: calls all of its completion listeners, the last added first.
   *
   * @throws The first error thrown by a listener, which makes the attempt fail.
   */
  complete(): void {
    this.#over = true;
    const thrown = callAll(this.#completionListeners.splice(0), (listener) => listener(this.context));
    if (thrown !== undefined) throw thrown.error;
  }

  /** Ends a failed attempt: calls its failure listeners, then the completion listeners that have not been called yet. */
  fail(error: unknown): void {
    this.#failure = { error };
    // Errors of listeners are ignored: the error that made the attempt fail is the one to report.
    callAll(this.#failureListeners.splice(0), (listener) => listener(this.context, error));
    this.#over = true;
    callAll(this.#completionListeners.splice(0), (listener) => listener(this.context));
  }
}

/** Calls all listeners, the last one first. @returns The first error, if any listener has thrown. */
function callAll<L>(listeners: readonly L[], call: (listener: L) => unknown): { readonly error: unknown } | undefined {
  let thrown: { readonly error: unknown } | undefined;
  for (const listener of [...listeners].reverse()) {
    try {
      call(listener);
    } catch (error) {
      thrown ??= { error };
    }
  }
  return thrown;
}

let current: TaskScope | undefined;

/** Makes a task the current one of this thread, which runs one task at a time. */
export function enterTask(scope: TaskScope): void {
  current = scope;
}

export function leaveTask(): void {
  current = undefined;
}

export function currentTask(): TaskScope | undefined {
  return current;
}

/** The task in which a function of the job runs. */
export class TaskContext {
  readonly #scope: TaskScope;

  /**
   * Created by the engine; use {@link TaskContext.get}.
   *
   * @internal
   */
  constructor(scope: TaskScope) {
    this.#scope = scope;
  }

  /**
   * The context of the current task.
   *
   * @throws NO_TASK Called on the driver, or while a module is loaded.
   */
  static get(): TaskContext {
    if (current !== undefined) return current.context;
    throw noTask(
      "TaskContext.get() was called outside of a task. Call it within a function that you pass to an operator, not in build or foreachRDD.",
    );
  }

  /** Unique for each run of a stage. */
  get stageId(): number {
    return this.#scope.info.stageId;
  }

  /** The partition of the stage's RDD that the task computes, from 0. */
  get partitionId(): number {
    return this.#scope.info.partitionId;
  }

  /** The number of partitions of the stage's RDD, including any that are not computed. */
  get numPartitions(): number {
    return this.#scope.info.numPartitions;
  }

  /** The number of the attempt: 0 for the first one. */
  get attemptNumber(): number {
    return this.#scope.info.attemptNumber;
  }

  /** `stage/partition/attempt`: unique within a run of the job; the engine's log uses it too. */
  get taskAttemptId(): string {
    const { stageId, partitionId, attemptNumber } = this.#scope.info;
    return `${stageId}/${partitionId}/${attemptNumber}`;
  }

  /** The time of the task's batch, in epoch ms. */
  get batchTime(): number {
    return this.#scope.info.batchTime;
  }

  /** True if the attempt has been cancelled. Check it in long loops, to end early. */
  isInterrupted(): boolean {
    return this.#scope.info.interrupted();
  }

  /** True if the attempt has ended, successful or not; always true in completion listeners. */
  isCompleted(): boolean {
    return this.#scope.isOver;
  }

  /** True if the attempt has failed; only listeners can see that. */
  isFailed(): boolean {
    return this.#scope.failure !== undefined;
  }

  /**
   * Calls `listener` when the attempt ends, successful or not, or at once if it has already ended. The last listener added is
   * called first. An error of a listener makes a successful attempt fail.
   */
  addTaskCompletionListener(listener: TaskCompletionListener): this {
    this.#scope.onCompletion(listener);
    return this;
  }

  /** Calls `listener` with the error when the attempt fails, before completion listeners. The last one added is called first. */
  addTaskFailureListener(listener: TaskFailureListener): this {
    this.#scope.onFailure(listener);
    return this;
  }
}
