import { accumulatorMisused } from "../errors.ts";
import { currentTask } from "../function/task-context.ts";
import { HOME, SPEC } from "../internals.ts";
import { callAuthorCode } from "../job/author-code.ts";
import { type AccumulatorKind, type AnySpec, countOf, specOf } from "./accumulator-kinds.ts";

/**
 * A total that functions on executors add to and that the driver reads. Updates of failed attempts do not count. A
 * transformation that is computed twice, because two actions need it, adds twice.
 *
 * @typeParam T The values that are added.
 * @typeParam V The value that is read.
 */
export class Accumulator<T, V = T> {
  /** Unique within the job. */
  readonly id: number;
  /** A built-in kind, or `custom`. */
  readonly kind: AccumulatorKind;
  /** The name passed to `ssc.longAccumulator(name)` or a similar method. */
  readonly name: string | undefined;
  readonly [SPEC]: AnySpec;
  readonly [HOME]: AccumulatorHome | undefined;

  /**
   * Created by `ssc.longAccumulator()` and similar methods, and by the engine on executors, without a `home`.
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
   * Adds a value to the total; on an executor, the update counts when the task succeeds.
   *
   * @throws ACCUMULATOR_MISUSED The value has the wrong type, or the call is outside of a task.
   */
  add(value: T): void {
    checkValue(this, value);
    const { [HOME]: home, [SPEC]: spec, id, kind } = this;
    const task = currentTask();
    // In a test, a task runs on the driver's thread and has the accumulator itself.
    if (task !== undefined) task.add({ id, kind, title: titleOf(this) }, spec, value);
    else if (home !== undefined) home.add(value);
    else {
      throw accumulatorMisused(`${titleOf(this)} was updated outside of a task. Update it in functions of operators.`);
    }
  }

  /**
   * The total of all tasks that have succeeded so far.
   *
   * @throws ACCUMULATOR_MISUSED It is read on an executor, which only knows its own share.
   */
  get value(): V {
    return homeOf(this, "read").value as V; // the kind, or its author, decides what V is
  }

  /** Resets the total to 0, an empty collection, or `zero()`. @throws ACCUMULATOR_MISUSED It is called on an executor. */
  reset(): void {
    homeOf(this, "reset").reset();
  }
}

/** An accumulator of numbers, which counts them too. */
export class NumberAccumulator extends Accumulator<number> {
  /** Same as `value`. */
  get sum(): number {
    return this.value;
  }

  /** The count of the numbers added. @throws ACCUMULATOR_MISUSED It is read on an executor. */
  get count(): number {
    return countOf(homeOf(this, "read").total);
  }

  /** The mean of the numbers added; NaN if there are none. @throws ACCUMULATOR_MISUSED It is read on an executor. */
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

// Functions rather than private methods, which subclasses could not access.

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

/** The accumulator in messages: `the long accumulator words`. */
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

  /** Merges the share of a task. @throws JOB_CODE_FAILED */
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

/** The parts of an accumulator that are sent to executors, for {@link executorAccumulator}. */
export function accumulatorCaptures(accumulator: Accumulator<never, unknown>): readonly unknown[] {
  const { kind, name, [SPEC]: spec } = accumulator;
  return kind === "custom" ? [kind, name, shippedSpec(spec)] : [kind, name];
}

/** The part of a custom spec that executors need: a plain object without the functions of the driver, or a whole instance. */
export function shippedSpec(spec: AnySpec): unknown {
  const prototype: unknown = Object.getPrototypeOf(spec);
  if (prototype !== Object.prototype && prototype !== null) return spec;
  const { merge: _, value: __, ...rest } = spec;
  return rest;
}

/**
 * An accumulator on an executor, which adds to the share of the current task of the thread.
 *
 * @param captures The result of {@link accumulatorCaptures}.
 */
export function executorAccumulator(id: number, captures: readonly unknown[]): Accumulator<unknown> {
  const [kind, name, given] = captures as [AccumulatorKind, string | undefined, AnySpec]; // written by the driver
  const spec = kind === "custom" ? given : specOf(kind);
  return new Accumulator({ id, kind, name, spec });
}
