import { accumulatorMisused } from "./errors.ts";
import { type AccumulatorKind, currentTask } from "./task-context.ts";

/**
 * A total that functions on executors add to and that the driver reads. What a failed attempt added does not count; a
 * transformation that runs twice, because two actions need it, adds twice.
 *
 * @typeParam T What is added.
 * @typeParam V What the total is.
 */
export class Accumulator<T, V = T> {
  /** Unique within the job. */
  readonly id: number;
  /** What it adds up. */
  readonly kind: AccumulatorKind;
  /** As it was given to `ssc.longAccumulator(name)` and its like. */
  readonly name: string | undefined;
  readonly #home: AccumulatorHome | undefined;

  /**
   * Made by `ssc.longAccumulator()` and its like, and by the engine on executors, where there is no `home`.
   *
   * @internal
   */
  constructor(id: number, kind: AccumulatorKind, name: string | undefined, home?: AccumulatorHome) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.#home = home;
  }

  /**
   * Adds to the total; on an executor, when the task ends well.
   *
   * @throws ACCUMULATOR_MISUSED The value is of another type than this accumulator's.
   */
  add(value: T): void {
    this.#check(value);
    const task = currentTask();
    if (task === undefined && this.#home !== undefined) {
      this.#home.merge(this.kind, this.kind === "collection" ? [value] : value);
      return;
    }
    if (task === undefined) {
      throw accumulatorMisused(`${this.#title()} was added to outside of a task. Add to it in functions of operators.`);
    }
    if (this.kind === "collection") task.addItem(this.id, value);
    else task.addNumber(this.id, this.kind, value as number); // checked to be one
  }

  /**
   * The total of all tasks that have succeeded so far.
   *
   * @throws ACCUMULATOR_MISUSED Read on an executor, which knows its own share only.
   */
  get value(): V {
    // Where a test runs tasks on the driver's own thread, they still know no total.
    if (this.#home !== undefined && currentTask() === undefined) return this.#home.total(this.kind) as V; // the kind decides what V is
    throw accumulatorMisused(
      `${this.#title()} was read on an executor, which does not know the total. Read value on the driver, such as in foreachRDD.`,
    );
  }

  /** Begins again: from 0, or from an empty collection. @throws ACCUMULATOR_MISUSED Not on the driver. */
  reset(): void {
    if (this.#home === undefined || currentTask() !== undefined) {
      throw accumulatorMisused(
        `${this.#title()} was reset on an executor. Reset it on the driver, such as in foreachRDD.`,
      );
    }
    this.#home.reset();
  }

  #check(value: T): void {
    if (this.kind === "collection") return;
    const fits = this.kind === "long" ? Number.isSafeInteger(value) : typeof value === "number";
    if (fits) return;
    const wanted = this.kind === "long" ? "a whole number" : "a number";
    throw accumulatorMisused(
      `${this.#title()} takes ${wanted}, not ${describe(value)}. ` +
        "Convert the value, or use doubleAccumulator() or collectionAccumulator().",
    );
  }

  #title(): string {
    return `the ${this.kind} accumulator ${this.name ?? this.id}`;
  }
}

function describe(value: unknown): string {
  return typeof value === "number" ? String(value) : `a ${value === null ? "null" : typeof value}`;
}

/** The total of an accumulator, on the driver. */
export class AccumulatorHome {
  #sum = 0;
  #items: unknown[] = [];

  merge(kind: AccumulatorKind, added: unknown): void {
    if (kind !== "collection")
      this.#sum += added as number; // a task's share of this kind is a number
    else for (const item of added as readonly unknown[]) this.#items.push(item); // and of this kind an array
  }

  total(kind: AccumulatorKind): unknown {
    return kind === "collection" ? [...this.#items] : this.#sum;
  }

  reset(): void {
    this.#sum = 0;
    this.#items = [];
  }
}

/** The accumulator of an id as an executor sees it: what is added counts for the task that runs on the thread. */
export function executorAccumulator(id: number, kind: AccumulatorKind, name: string | undefined): Accumulator<unknown> {
  return new Accumulator(id, kind, name);
}
