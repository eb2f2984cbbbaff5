import { StreamRng } from "@millrace/base";
import { type DistinctSketch, estimateDistinct, mergeSketches } from "@millrace/codec";
import { freshValues, type JobFunction, operators, SmallestTickets, type Ticket } from "@millrace/operators";
import { runAction } from "../action.ts";
import { decodeRecords } from "../collection.ts";
import { emptyCollection } from "../errors.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import type { Widened } from "../pair-types.ts";
import { encodedZero } from "../rdd-steps.ts";
import { seedOf } from "../sample-steps.ts";
import { type DistinctPrecision, sketchPartition } from "../sketch-steps.ts";
import { checkCount, countByValueStep, labelOf, narrowStep } from "../steps.ts";
import { collected, collectedAfter } from "./collected.ts";
import { mapOnDriver } from "./driver-map.ts";
import { RddActions } from "./rdd-actions.ts";
import { type RddCore, ship, stepped } from "./rdd-core.ts";
import { type TreeOptions, treeFolded } from "./tree.ts";

/** The actions that make one result of all records. */
export abstract class FoldActions<out T> extends RddActions<T> {
  /** Reduces all records to one. `fn` must be associative. @throws EMPTY_COLLECTION There is none. */
  async reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return reduced(await partialsOf<Widened<T>>(this, fn, "reduce"), fn, "reduce");
  }

  /**
   * As `reduce`, with partial results brought together on executors first, for many partitions with large results.
   *
   * @param depth Rounds in which results are brought together: that of the driver, and shuffles before it.
   * @throws EMPTY_COLLECTION There is none.
   */
  async treeReduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>, depth = 2): Promise<Widened<T>> {
    const operator = "treeReduce";
    const step = narrowStep(
      "mapPartitions",
      operators.reduceWhole.ref(() => [fn], ship(this, fn, operator).site),
      false,
      operator,
    );
    const target = await treeFolded(this, step, { merge: ship(this, fn, operator), operator, depth });
    return reduced(await collected<Widened<T>>(this, operator, target), fn, operator);
  }

  /** As `aggregate`, when totals are of the type of records. */
  fold(zero: Widened<T>, fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    return aggregated<Widened<T>>(this, zero, [fn, fn], "fold");
  }

  /**
   * Folds all records into a total: those of each partition by `fold`, beginning with a copy of `zero`, then the totals of
   * partitions by `merge` on the driver, beginning with a copy of `zero` again. Both may change the total they are given.
   */
  aggregate<U>(zero: U, fold: (total: U, value: T) => U, merge: (a: U, b: U) => U): Promise<U> {
    return aggregated(this, zero, [fold, merge], "aggregate");
  }

  /** As `aggregate`, with totals brought together on executors first: for many partitions with large totals. */
  async treeAggregate<U>(
    zero: U,
    fold: (total: U, value: T) => U,
    merge: (a: U, b: U) => U,
    options: number | TreeOptions = {},
  ): Promise<U> {
    const operator = "treeAggregate";
    const encoded = encodedZero(this[CONTEXT], zero, operator);
    const given = typeof options === "number" ? { depth: options } : options;
    const step = foldStep(this, encoded, fold, operator);
    const target = await treeFolded(this, step, { merge: ship(this, merge, operator), operator, ...given });
    return mergedOnDriver(this, encoded, await collected<U>(this, operator, target), merge);
  }

  /** How often each value occurs. Values must have equality by value, as keys do. */
  async countByValue(): Promise<Map<T, number>> {
    const counted = stepped<[T, number]>(this, countByValueStep(undefined));
    return mapOnDriver(await counted.collect(), "countByValue");
  }

  /**
   * About how many different values there are, by HyperLogLog: without a shuffle, in little memory.
   *
   * @param precision The relative standard deviation, 0.05 if it is left out; or the bits `p` of a hash that choose one of
   *   2^p registers, and `sp` bits for small counts.
   * @throws BAD_PRECISION, KEY_NOT_COMPARABLE
   */
  async countApproxDistinct(precision: DistinctPrecision = 0.05): Promise<number> {
    const operator = "countApproxDistinct";
    const step = narrowStep("mapPartitions", sketchPartition(precision), false, operator);
    const [first, ...others] = await collectedAfter<DistinctSketch>(this, operator, step);
    return first === undefined ? 0 : estimateDistinct(others.reduce((all, one) => mergeSketches(all, one), first));
  }

  /**
   * `num` records by chance, in random order, or all there are if they are fewer; `withReplacement` each may come up
   * repeatedly.
   *
   * @param seed The same seed draws the same of the same partitions.
   */
  async takeSample(withReplacement: boolean, num: number, seed?: number): Promise<T[]> {
    checkCount(num, "the number of records of takeSample", 0, SAMPLE_MAX);
    const drawn = seedOf(this[CONTEXT], seed, "takeSample");
    return withReplacement ? drawnAgain<T>(this, num, drawn) : drawnOnce<T>(this, num, drawn);
  }
}

/** A function of the job, whose types its method has checked. */
type Fold = JobFunction<[total: unknown, value: unknown]>;

/** As many records as the driver can be asked to hold. */
const SAMPLE_MAX = 10_000_000;
/** The stream of chance that chooses among partitions: none of theirs. */
const CHOOSING = 2 ** 31;

async function drawnOnce<T>(rdd: RddCore<unknown>, num: number, seed: number): Promise<T[]> {
  const fn = operators.drawTickets.ref(() => [num, seed]);
  const tickets = await collectedAfter<Ticket>(
    rdd,
    "takeSample",
    narrowStep("mapPartitionsWithIndex", fn, false, "takeSample"),
  );
  const smallest = new SmallestTickets(num);
  for (const [number, record] of tickets) smallest.offer(number, record);
  return smallest.all().map(([, record]) => record as T); // a record of this RDD
}

async function drawnAgain<T>(rdd: RddCore<unknown>, num: number, seed: number): Promise<T[]> {
  const fn = operators.drawWithReplacement.ref(() => [num, seed]);
  const step = narrowStep("mapPartitionsWithIndex", fn, false, "takeSample");
  const partitions = await collectedAfter<readonly [count: number, drawn: readonly T[]]>(rdd, "takeSample", step);
  const total = partitions.reduce((sum, [count]) => sum + count, 0);
  if (total === 0) return [];
  const rng = new StreamRng(seed, CHOOSING);
  return Array.from({ length: num }, (_, draw) => {
    let at = rng.int(total);
    const from = partitions.find(([count]) => {
      at -= count;
      return at < 0;
    });
    return from?.[1][draw] as T; // `at` was below the sum of the counts
  });
}

async function partialsOf<R>(rdd: RddCore<unknown>, fn: unknown, operator: string): Promise<R[]> {
  const context = rdd[CONTEXT];
  const ref = ship(rdd, fn, operator);
  const sink = { kind: "reduce", fn: ref, label: labelOf(operator, ref) } as const;
  const blocks = await runAction(context, { name: operator, target: rdd[LINEAGE], sink });
  const partials: unknown[] = [];
  for (const block of blocks) decodeRecords(context, block, partials);
  return partials as R[]; // each is a record, or made by `fn`
}

/** `fn` may be one that takes more than two, such as Math.max: `Array.reduce` would hand it positions too. */
function reduced<R>(partials: readonly R[], fn: (a: R, b: R) => R, operator: string): R {
  const [first, ...others] = partials;
  if (partials.length === 0) {
    throw emptyCollection(`${operator}() was called on an RDD without records. Ask isEmpty() before.`);
  }
  return others.reduce((a, b) => fn(a, b), first as R); // there is one
}

function foldStep(rdd: RddCore<unknown>, zero: Uint8Array, fold: Fold, operator: string) {
  const { site } = ship(rdd, fold, operator);
  return narrowStep(
    "mapPartitions",
    operators.foldPartition.ref(() => [zero, fold], site),
    false,
    operator,
  );
}

async function aggregated<U>(
  rdd: RddCore<unknown>,
  zero: U,
  [fold, merge]: readonly [fold: Fold, merge: (a: U, b: U) => U],
  operator: string,
): Promise<U> {
  const encoded = encodedZero(rdd[CONTEXT], zero, operator);
  ship(rdd, merge, operator); // it runs on the driver here, but must be a function of the same kind
  const totals = await collectedAfter<U>(rdd, operator, foldStep(rdd, encoded, fold, operator));
  return mergedOnDriver(rdd, encoded, totals, merge);
}

function mergedOnDriver<U>(rdd: RddCore<unknown>, zero: Uint8Array, totals: readonly U[], merge: (a: U, b: U) => U): U {
  const fresh = freshValues(zero, rdd[CONTEXT].registry.classes);
  return totals.reduce((a, b) => merge(a, b), fresh() as U); // a copy of the value that it was encoded from
}
