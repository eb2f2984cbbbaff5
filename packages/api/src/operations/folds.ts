import { StreamRng } from "@millrace/base";
import { type DistinctSketch, estimateDistinct, mergeSketches } from "@millrace/codec";
import { type FunctionRef, freshValues, operators, SmallestTickets, type Ticket } from "@millrace/operators";
import { narrow, type Partitioning, shuffled } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import { emptyCollection } from "../errors.ts";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import { checkCount } from "../refusal/check-all.ts";
import { decodeRecords } from "../source/collection.ts";
import type { Carrier } from "./carrier.ts";
import { collected, collectedAfter } from "./collecting.ts";
import type { Dataset } from "./dataset.ts";
import { mapOnDriver } from "./driver-map.ts";
import { encodedZero, type Fold } from "./pairs.ts";
import { seedOf } from "./sampling.ts";
import { type DistinctPrecision, sketchPartition } from "./sketches.ts";
import { chained, labelOf, narrowStep, plainStep, reduceByKeyStep, type Step } from "./steps.ts";
import { type TreeOptions, treeFolded } from "./tree.ts";

// Operations that reduce records to one result: actions on an RDD, steps on each batch of a stream.

/** A function of the author that merges two values. */
type Merge<R> = (a: R, b: R) => R;

// ---- on an RDD

export async function reduce<R>(on: Dataset, fn: Merge<R>): Promise<R> {
  return reduced(await partialsOf<R>(on, fn, "reduce"), fn, "reduce");
}

export async function treeReduce<R>(on: Dataset, fn: Merge<R>, depth: number): Promise<R> {
  const operator = "treeReduce";
  const merge = on.ship(fn, operator);
  const whole = operators.reduceWhole.ref(() => [fn], merge.site);
  const step = narrowStep("mapPartitions", whole, false, operator);
  const target = await treeFolded(on, step, { merge, operator, options: { depth } });
  return reduced(await collected<R>(on, operator, target), fn, operator);
}

export function fold<U>(on: Dataset, zero: U, fn: Merge<U>): Promise<U> {
  return aggregated<U>(on, zero, [fn, fn], "fold");
}

export function aggregate<U>(on: Dataset, zero: U, add: Fold, merge: Merge<U>): Promise<U> {
  return aggregated(on, zero, [add, merge], "aggregate");
}

export async function treeAggregate<U>(
  on: Dataset,
  zero: U,
  [add, merge]: readonly [add: Fold, merge: Merge<U>],
  options: number | TreeOptions,
): Promise<U> {
  const operator = "treeAggregate";
  const encoded = encodedZero(on.context, zero, operator);
  const step = foldStep(on, encoded, add, operator);
  const target = await treeFolded(on, step, {
    merge: on.ship(merge, operator),
    operator,
    options: typeof options === "number" ? { depth: options } : options,
  });
  return mergedOnDriver(on, encoded, await collected<U>(on, operator, target), merge);
}

export async function countsByValue<T>(on: Dataset): Promise<Map<T, number>> {
  const operator = "countByValue";
  const target = on.take(countByValueStep(undefined, operator));
  return mapOnDriver(await collected<[T, number]>(on, "collect", target), operator);
}

/** @throws BAD_PRECISION, KEY_NOT_COMPARABLE */
export async function countApproxDistinct(on: Dataset, precision: DistinctPrecision): Promise<number> {
  const operator = "countApproxDistinct";
  const step = narrowStep("mapPartitions", sketchPartition(precision), false, operator);
  const [one, ...others] = await collectedAfter<DistinctSketch>(on, operator, step);
  return one === undefined ? 0 : estimateDistinct(others.reduce((all, other) => mergeSketches(all, other), one));
}

export async function takeSample<T>(
  on: Dataset,
  withReplacement: boolean,
  num: number,
  seed: number | undefined,
): Promise<T[]> {
  checkCount(num, "the number of records of takeSample", 0, SAMPLE_MAX);
  const drawn = seedOf(on.context, seed, "takeSample");
  return withReplacement ? drawnAgain<T>(on, num, drawn) : drawnOnce<T>(on, num, drawn);
}

/** The most records that the driver can hold. */
const SAMPLE_MAX = 10_000_000;
/** The random stream that chooses among partitions, distinct from theirs. */
const CHOOSING = 2 ** 31;

async function drawnOnce<T>(on: Dataset, num: number, seed: number): Promise<T[]> {
  const fn = operators.drawTickets.ref(() => [num, seed]);
  const tickets = await collectedAfter<Ticket<T>>(
    on,
    "takeSample",
    narrowStep("mapPartitionsWithIndex", fn, false, "takeSample"),
  );
  const smallest = new SmallestTickets<T>(num);
  for (const [number, record] of tickets) smallest.offer(number, record);
  return smallest.all().map(([, record]) => record);
}

async function drawnAgain<T>(on: Dataset, num: number, seed: number): Promise<T[]> {
  const fn = operators.drawWithReplacement.ref(() => [num, seed]);
  const step = narrowStep("mapPartitionsWithIndex", fn, false, "takeSample");
  const partitions = await collectedAfter<readonly [count: number, drawn: readonly T[]]>(on, "takeSample", step);
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

async function partialsOf<R>(on: Dataset, fn: unknown, operator: string): Promise<R[]> {
  const context = on.context;
  const ref = on.ship(fn, operator);
  const sink = { kind: "reduce", fn: ref, label: labelOf(operator, ref) } as const;
  const blocks = await runAction(context, { name: operator, target: on.lineage, sink });
  const partials: R[] = [];
  for (const block of blocks) decodeRecords(context, block, partials);
  return partials;
}

/** `fn` may take more than two arguments, like Math.max, and `Array.reduce` would pass indices too. */
function reduced<R>(partials: readonly R[], fn: Merge<R>, operator: string): R {
  if (partials.length === 0) {
    throw emptyCollection(`${operator}() was called on an RDD without records. Check isEmpty() first.`);
  }
  return partials.reduce((a, b) => fn(a, b));
}

function foldStep(on: Dataset, zero: Uint8Array, add: Fold, operator: string) {
  const { site } = on.ship(add, operator);
  return narrowStep(
    "mapPartitions",
    operators.foldPartition.ref(() => [zero, add], site),
    false,
    operator,
  );
}

async function aggregated<U>(
  on: Dataset,
  zero: U,
  [add, merge]: readonly [add: Fold, merge: Merge<U>],
  operator: string,
): Promise<U> {
  const encoded = encodedZero(on.context, zero, operator);
  on.ship(merge, operator); // it runs on the driver here, but must be a function of the same kind
  const totals = await collectedAfter<U>(on, operator, foldStep(on, encoded, add, operator));
  return mergedOnDriver(on, encoded, totals, merge);
}

function mergedOnDriver<U>(on: Dataset, zero: Uint8Array, totals: readonly U[], merge: Merge<U>): U {
  const fresh = freshValues<U>(zero, on.context.registry.classes);
  return totals.reduce((a, b) => merge(a, b), fresh());
}

// ---- on each batch of a stream

/** One number, in one partition; 0 for an empty batch. */
export function countBatch<R>(on: Carrier<R>): R {
  return on.take(countStep, "count");
}

const countStep: Step = (parent, at) => {
  const counted = narrow(parent, { kind: "mapPartitions", fn: operators.countPartition.ref(), label: "count" }, false);
  const gathered = shuffled(at.dependency(counted), { kind: "roundRobin", partitions: 1 }, { kind: "none" }, "count");
  return narrow(gathered, { kind: "mapPartitions", fn: operators.sumPartition.ref(), label: "count" }, false);
};

/** One record, in one partition; none for an empty batch. */
export function reduceBatch<R>(on: Carrier<R>, fn: unknown): R {
  const ref = on.ship(fn, "reduce");
  return on.take(reduceStep(ref), labelOf("reduce", ref));
}

export function reduceStep(fn: FunctionRef): Step {
  return chained(
    narrowStep("map", operators.keyByNull.ref(), false, "reduce"),
    reduceByKeyStep(fn, { kind: "hash", partitions: 1 }, "reduce"),
    plainStep("values"),
  );
}

/** `[value, n]`. */
export function countByValueInBatch<R, T>(on: Carrier<R>, options: ShuffleOptions<T> | undefined): R {
  const operator = "countByValue";
  return on.take(countByValueStep(on.partitioning(options, operator), operator), operator);
}

export function countByValueStep(partitioning: Partitioning | undefined, operator: string): Step {
  const pair = narrowStep("map", operators.pairWithOne.ref(), false, operator);
  return chained(pair, reduceByKeyStep(operators.add.ref(), partitioning, operator));
}
