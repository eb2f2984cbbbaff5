import type { EpochMs } from "@millrace/base";
import { noTask } from "./errors.ts";

/** What runs just now on this thread, as told by whoever runs tasks. */
export interface TaskInfo {
  readonly stageId: number;
  readonly partitionId: number;
  readonly attemptNumber: number;
  readonly batchTime: EpochMs;
}

/** The kinds of accumulators there are. */
export type AccumulatorKind = "long" | "double" | "collection";

/** What one task added to one accumulator: a sum, or the items of a collection in order. */
export type AccumulatorUpdate = readonly [id: number, kind: AccumulatorKind, added: unknown];

/** One attempt of a task on its thread: its context for the job's functions, and what they add to accumulators. */
export class TaskScope {
  readonly info: TaskInfo;
  readonly context: TaskContext;
  readonly #updates = new Map<number, { readonly kind: AccumulatorKind; added: unknown }>();
  readonly #listeners: (() => void)[] = [];

  constructor(info: TaskInfo) {
    this.info = info;
    this.context = new TaskContext(this);
  }

  addNumber(id: number, kind: AccumulatorKind, value: number): void {
    const update = this.#updates.get(id);
    if (update === undefined) this.#updates.set(id, { kind, added: value });
    else update.added = (update.added as number) + value; // one id has one kind, and this kind's sums are numbers
  }

  addItem(id: number, value: unknown): void {
    const update = this.#updates.get(id);
    if (update === undefined) this.#updates.set(id, { kind: "collection", added: [value] });
    else (update.added as unknown[]).push(value); // one id has one kind, and this kind's sums are arrays
  }

  /** What the attempt added, to be sent if it succeeds: encode it with `encodeValue`; nothing to send when empty. */
  updates(): readonly AccumulatorUpdate[] {
    return [...this.#updates].map(([id, { kind, added }]) => [id, kind, added]);
  }

  onCompletion(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * The attempt ended, well or not: calls its completion listeners, the last added first, all of them.
   *
   * @throws What the first listener that threw has thrown.
   */
  complete(): void {
    let failed: { readonly error: unknown } | undefined;
    for (const listener of this.#listeners.splice(0).reverse()) {
      try {
        listener();
      } catch (error) {
        failed ??= { error };
      }
    }
    if (failed !== undefined) throw failed.error;
  }
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
      "TaskContext.get() was called outside of a task. Call it within a function that you hand to an operator, not in build or foreachRDD.",
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

  /** 0 for the first attempt. */
  get attemptNumber(): number {
    return this.#scope.info.attemptNumber;
  }

  /** Of the batch that the task belongs to, in epoch ms. */
  get batchTime(): number {
    return this.#scope.info.batchTime;
  }

  /** Calls `listener` when the attempt ends, well or not; the last one added is called first. */
  addTaskCompletionListener(listener: () => void): this {
    this.#scope.onCompletion(listener);
    return this;
  }
}
