import type { EpochMs } from "@millrace/base";
import { noTask } from "../errors.ts";
import type { AccumulatorKind, AnySpec } from "../shared/accumulator-kinds.ts";

/** What runs just now on this thread, as told by whoever runs tasks. */
export interface TaskInfo {
  readonly stageId: number;
  readonly partitionId: number;
  /** Of the stage's RDD. */
  readonly numPartitions: number;
  readonly attemptNumber: number;
  readonly batchTime: EpochMs;
  /** Nobody wants its result any more. */
  readonly interrupted: () => boolean;
}

/** What one task added to one accumulator. */
export type AccumulatorUpdate = readonly [id: number, kind: AccumulatorKind, share: unknown];

/** Called when an attempt has failed, with what it threw. */
export type TaskFailureListener = (context: TaskContext, error: unknown) => unknown;
/** Called when an attempt has ended, well or not. */
export type TaskCompletionListener = (context: TaskContext) => unknown;

/** One attempt of a task on its thread: its context for the job's functions, and what they add to accumulators. */
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

  /** @param to What is added to; `title` is for messages. */
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

  /** What the attempt added, to be sent if it succeeds: encode it with `encodeValue`; nothing to send when empty. */
  updates(): readonly AccumulatorUpdate[] {
    return [...this.#shares].map(([id, { kind, share }]) => [id, kind, share]);
  }

  /** What to call the accumulator in a message: `the long accumulator bad lines`. */
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
   * The attempt ended well: calls its completion listeners, the last added first, all of them.
   *
   * @throws What the first listener that threw has thrown: the attempt fails by it.
   */
  complete(): void {
    this.#over = true;
    const thrown = callAll(this.#completionListeners.splice(0), (listener) => listener(this.context));
    if (thrown !== undefined) throw thrown.error;
  }

  /** The attempt failed: calls its failure listeners, then those of completion that were not called yet. */
  fail(error: unknown): void {
    this.#failure = { error };
    // What listeners throw now matters less than what made the attempt fail.
    callAll(this.#failureListeners.splice(0), (listener) => listener(this.context, error));
    this.#over = true;
    callAll(this.#completionListeners.splice(0), (listener) => listener(this.context));
  }
}

/** Calls all, the last one first. Gives what the first that threw has thrown. */
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

/** Makes a task the one that runs on this thread; a thread runs one at a time. */
export function enterTask(scope: TaskScope): void {
  current = scope;
}

export function leaveTask(): void {
  current = undefined;
}

export function currentTask(): TaskScope | undefined {
  return current;
}

/** About the task in which a function of the job runs. */
export class TaskContext {
  readonly #scope: TaskScope;

  /**
   * Made by the engine; ask {@link TaskContext.get}.
   *
   * @internal
   */
  constructor(scope: TaskScope) {
    this.#scope = scope;
  }

  /**
   * The task that runs on this thread.
   *
   * @throws NO_TASK Called on the driver, or while a module is loaded.
   */
  static get(): TaskContext {
    if (current !== undefined) return current.context;
    throw noTask(
      "TaskContext.get() was called outside of a task. Call it within a function that you pass to an operator, not in build or foreachRDD.",
    );
  }

  /** Unique to the run of the stage. */
  get stageId(): number {
    return this.#scope.info.stageId;
  }

  /** From 0; the partition of the stage's RDD. */
  get partitionId(): number {
    return this.#scope.info.partitionId;
  }

  /** How many partitions the stage's RDD has, whether or not all of them are computed. */
  get numPartitions(): number {
    return this.#scope.info.numPartitions;
  }

  /** 0 for the first attempt. */
  get attemptNumber(): number {
    return this.#scope.info.attemptNumber;
  }

  /** `stage/partition/attempt`: unique within a run of the job, and what the engine's log calls it. */
  get taskAttemptId(): string {
    const { stageId, partitionId, attemptNumber } = this.#scope.info;
    return `${stageId}/${partitionId}/${attemptNumber}`;
  }

  /** Of the batch that the task belongs to, in epoch ms. */
  get batchTime(): number {
    return this.#scope.info.batchTime;
  }

  /** Nobody wants the result any more: the attempt is cancelled. Long loops of your own may look at it. */
  isInterrupted(): boolean {
    return this.#scope.info.interrupted();
  }

  /** The attempt has ended, well or not: true in completion listeners. */
  isCompleted(): boolean {
    return this.#scope.isOver;
  }

  /** The attempt has failed: may be true in listeners only. */
  isFailed(): boolean {
    return this.#scope.failure !== undefined;
  }

  /**
   * Calls `listener` when the attempt ends, well or not; the last one added is called first. Called at once when it has
   * ended already. What it throws fails an attempt that went well so far.
   */
  addTaskCompletionListener(listener: TaskCompletionListener): this {
    this.#scope.onCompletion(listener);
    return this;
  }

  /** Calls `listener` with the error when the attempt fails, before those of completion; the last one added first. */
  addTaskFailureListener(listener: TaskFailureListener): this {
    this.#scope.onFailure(listener);
    return this;
  }
}
