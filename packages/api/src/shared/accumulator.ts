import { accumulatorMisused } from "../errors.ts";
import { currentTask } from "../function/task-context.ts";
import { HOME, SPEC } from "../internals.ts";
import { callAuthorCode } from "../job/author-code.ts";
import { type AccumulatorKind, type AnySpec, countOf, specOf } from "./accumulator-kinds.ts";

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
  readonly [SPEC]: AnySpec;
  readonly [HOME]: AccumulatorHome | undefined;

  /**
   * Made by `ssc.longAccumulator()` and its like, and by the engine on executors, where there is no `home`.
   *
   * @internal
   */
  constructor(identity: AccumulatorIdentity, home?: AccumulatorHome) {
    this.id = identity.id;
    this.kind = identity.kind;
    this.name = identity.name;
    this[SPEC] = identity.spec;
    this[HOME] = home;
  }

  /**
   * Adds to the total; on an executor, when the task ends well.
   *
   * @throws ACCUMULATOR_MISUSED The value is of another type than this accumulator's.
   */
  add(value: T): void {
    checkValue(this, value);
    const { [HOME]: home, [SPEC]: spec, id, kind } = this;
    const task = currentTask();
    // A task that runs on the driver's thread, in a test, has the accumulator itself.
    if (task !== undefined) task.add({ id, kind, title: titleOf(this) }, spec, value);
    else if (home !== undefined) home.add(value);
    else {
      throw accumulatorMisused(`${titleOf(this)} was updated outside of a task. Update it in functions of operators.`);
    }
  }

  /**
   * The total of all tasks that have succeeded so far.
   *
   * @throws ACCUMULATOR_MISUSED Read on an executor, which knows its own share only.
   */
  get value(): V {
    return homeOf(this, "read").value as V; // the kind, or its author, decides what V is
  }

  /** Begins again: from 0, from an empty collection, or from `zero()`. @throws ACCUMULATOR_MISUSED Not on the driver. */
  reset(): void {
    homeOf(this, "reset").reset();
  }
}

/** An accumulator of numbers: knows how many there were too. */
export class NumberAccumulator extends Accumulator<number> {
  /** As `value`. */
  get sum(): number {
    return this.value;
  }

  /** How many numbers were added. @throws ACCUMULATOR_MISUSED Read on an executor. */
  get count(): number {
    return countOf(homeOf(this, "read").total);
  }

  /** Their mean; NaN of none. @throws ACCUMULATOR_MISUSED Read on an executor. */
  get avg(): number {
    return this.sum / this.count;
  }
}

export interface AccumulatorIdentity {
  readonly id: number;
  readonly kind: AccumulatorKind;
  readonly name: string | undefined;
  readonly spec: AnySpec;
}

// These take any accumulator, of which subclasses have no access to private members.

function homeOf(accumulator: Accumulator<never, unknown>, done: "read" | "reset"): AccumulatorHome {
  const home = accumulator[HOME];
  if (home !== undefined) return home;
  throw accumulatorMisused(
    `${titleOf(accumulator)} was ${done} on an executor, which does not know the total. ` +
      `It can be ${done} only on the driver, such as in foreachRDD.`,
  );
}

function checkValue(accumulator: Accumulator<never, unknown>, value: unknown): void {
  const { kind } = accumulator;
  if (kind === "collection" || kind === "custom") return;
  const fits = kind === "long" ? Number.isSafeInteger(value) : typeof value === "number";
  if (fits) return;
  const wanted = kind === "long" ? "a whole number" : "a number";
  throw accumulatorMisused(
    `${titleOf(accumulator)} takes ${wanted}, not ${describe(value)}. ` +
      "Convert the value, or use doubleAccumulator() or collectionAccumulator().",
  );
}

/** `the long accumulator words`: for messages. */
export function titleOf({ kind, name, id }: Pick<AccumulatorIdentity, "kind" | "name" | "id">): string {
  return `the ${kind} accumulator ${name ?? id}`;
}

function describe(value: unknown): string {
  return typeof value === "number" || value === undefined || value === null ? String(value) : `a ${typeof value}`;
}

/** The total of an accumulator, on the driver. */
export class AccumulatorHome {
  readonly #title: string;
  readonly #spec: AnySpec;
  #total: unknown;

  /** @param title For messages. */
  constructor(title: string, spec: AnySpec) {
    this.#title = title;
    this.#spec = spec;
    this.#total = this.#zero();
  }

  get total(): unknown {
    return this.#total;
  }

  get value(): unknown {
    return this.#spec.value === undefined ? this.#total : this.#spec.value(this.#total);
  }

  add(value: unknown): void {
    this.#total = this.#spec.add(this.#total, value);
  }

  /** @param share What a task has added up. @throws JOB_CODE_FAILED */
  merge(share: unknown): void {
    const about = { what: `merge of ${this.#title}`, outcome: "The action whose tasks added to it fails." };
    this.#total = callAuthorCode(about, () => this.#spec.merge(this.#total, share));
  }

  /** @throws JOB_CODE_FAILED */
  reset(): void {
    this.#total = this.#zero();
  }

  #zero(): unknown {
    const about = { what: `zero of ${this.#title}`, outcome: "The total is not set." };
    return callAuthorCode(about, () => this.#spec.zero());
  }
}

/** What of an accumulator goes to executors with it; {@link executorAccumulator} makes one of it. */
export function accumulatorCaptures(accumulator: Accumulator<never, unknown>): readonly unknown[] {
  const { kind, name, [SPEC]: spec } = accumulator;
  return kind === "custom" ? [kind, name, shippedSpec(spec)] : [kind, name];
}

/** What executors need of an author's spec: of a plain object all but what runs on the driver, of an instance all of it. */
export function shippedSpec(spec: AnySpec): unknown {
  const prototype: unknown = Object.getPrototypeOf(spec);
  if (prototype !== Object.prototype && prototype !== null) return spec;
  const { merge: _, value: __, ...rest } = spec;
  return rest;
}

/**
 * The accumulator of an id as an executor sees it: what is added counts for the task that runs on the thread.
 *
 * @param captures As {@link accumulatorCaptures} gave them.
 */
export function executorAccumulator(id: number, captures: readonly unknown[]): Accumulator<unknown> {
  const [kind, name, given] = captures as [AccumulatorKind, string | undefined, AnySpec]; // as the driver wrote them
  const spec = kind === "custom" ? given : specOf(kind);
  return new Accumulator({ id, kind, name, spec });
}
