import { type DurationLike, formatDuration, parseDuration } from "@millrace/base";
import { type FunctionRef, operators } from "@millrace/operators";
import type { Partitioning } from "@millrace/plan";
import { badWindow } from "../errors.ts";
import type { StreamNode } from "../graph/stream-node.ts";
import { incrementalWindowNode, type WindowSpan, windowNode, windowSpan } from "../graph/stream-windows.ts";
import { SHUFFLE_OPTIONS, type ShuffleOptions } from "../partition/partitioner.ts";
import { checkLevel, StorageLevel } from "../rdd/storage-level.ts";
import { checkOptions } from "../refusal/check-all.ts";
import type { Migrate } from "../stream/state-spec.ts";
import { countByValueStep, reduceBatch, reduceStep } from "./folds.ts";
import type { GraphStream } from "./graph-stream.ts";
import { shuffleBy } from "./pairs.ts";
import { checkSchema } from "./state.ts";
import { labelOf, narrowStep, plainStep, reduceByKeyStep } from "./steps.ts";

// Operations on earlier batches, and the persistence that they need.

/** Options of `reduceByKeyAndWindow` with an inverse function. */
export type InverseWindowOptions<K, V> =
  | number
  | (Exclude<ShuffleOptions<K>, number> & {
      /** Drops keys for which it is false. Without it a key stays, with the value that `inverse` leaves. */
      readonly filter?: ((pair: readonly [K, V]) => unknown) | undefined;
      /** The version of the window's values, 1 by default: raise it when what they are changes. */
      readonly version?: number | undefined;
      /** Makes values of this version out of older ones: see {@link Migrate}. */
      readonly migrate?: Migrate<K, V> | undefined;
    });

/** The arguments of `reduceByWindow`: an inverse function may precede the length. */
type WindowArguments = readonly unknown[];

export function window(on: GraphStream, length: DurationLike, slide: DurationLike | undefined): StreamNode {
  return windowNode(on.node, spanOf(on, "window", length, slide), "window");
}

export function reduceByWindow(on: GraphStream, fn: unknown, rest: WindowArguments): StreamNode {
  const operator = "reduceByWindow";
  const [inverse, length, slide] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
  const span = spanOf(on, operator, length, slide);
  const reduce = on.ship(fn, operator);
  if (inverse !== undefined) return overOneKey(on, reduce, on.ship(inverse, operator), span, operator);
  const batches = windowNode(reduceBatch(on, fn), span, operator);
  return on.at(batches).take(reduceStep(reduce), operator);
}

export function countByWindow(on: GraphStream, length: DurationLike, slide: DurationLike | undefined): StreamNode {
  const operator = "countByWindow";
  const span = spanOf(on, operator, length, slide);
  const ones = on.take(narrowStep("map", operators.one.ref(), false, operator), operator);
  return overOneKey(on.at(ones), operators.add.ref(), operators.subtract.ref(), span, operator);
}

export function countByValueAndWindow<T>(
  on: GraphStream,
  length: DurationLike,
  slide: DurationLike | undefined,
  options: ShuffleOptions<T> | undefined,
): StreamNode {
  const operator = "countByValueAndWindow";
  const span = spanOf(on, operator, length, slide, options);
  const counted = on.take(countByValueStep(on.partitioning(options, operator), operator), operator);
  const reduction = {
    reduce: operators.add.ref(),
    inverse: operators.subtract.ref(),
    filter: operators.countNotZero.ref(),
    partitioning: on.partitioning(options, operator),
  };
  return incrementalWindowNode(on.graph, counted, span, reduction, { operator, label: operator });
}

export function groupByKeyAndWindow<K>(
  on: GraphStream,
  length: DurationLike,
  slide: DurationLike | undefined,
  options: ShuffleOptions<K> | undefined,
): StreamNode {
  const operator = "groupByKeyAndWindow";
  const span = spanOf(on, operator, length, slide, options);
  const grouped = shuffleBy(on, { kind: "group" }, options, operator);
  return windowed(on.at(grouped), span, operators.concatenate.ref(), options, operator);
}

/** The options of a shuffle, separated from those that only a window with an inverse function has. */
function parted(given: InverseWindowOptions<unknown, unknown> | undefined): {
  readonly filter: unknown;
  readonly version?: number | undefined;
  readonly migrate?: unknown;
  readonly options: ShuffleOptions<unknown> | undefined;
} {
  if (typeof given !== "object" || given === null || given.getPartition !== undefined) {
    return { filter: typeof given === "object" ? given?.filter : undefined, options: given };
  }
  const names = [...SHUFFLE_OPTIONS, "filter", "version", "migrate"];
  const { filter, version, migrate, ...options } = checkOptions(given, names, "reduceByKeyAndWindow");
  return { filter, version, migrate, options };
}

export function reduceByKeyAndWindow(on: GraphStream, fn: unknown, rest: WindowArguments): StreamNode {
  const operator = "reduceByKeyAndWindow";
  const [inverse, length, slide, last] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
  const given = last as InverseWindowOptions<unknown, unknown> | undefined; // as the overloads say
  const parts = inverse === undefined ? { filter: undefined, options: given } : parted(given);
  const { filter, options, version = 1, migrate } = parts;
  const span = spanOf(on, operator, length, slide, options);
  const reduce = on.ship(fn, operator);
  const label = labelOf(operator, reduce);
  const reduced = on.take(reduceByKeyStep(reduce, on.partitioning(options, operator), operator), label);
  if (inverse === undefined) return windowed(on.at(reduced), span, reduce, options, operator);
  checkSchema(version, migrate, operator);
  const schema = { version, migrate: migrate === undefined ? undefined : on.ship(migrate, `migrate of ${operator}`) };
  const reduction = {
    reduce,
    inverse: on.ship(inverse, operator),
    filter: filter === undefined ? undefined : on.ship(filter, `the filter of ${operator}`),
    partitioning: on.partitioning(options, operator),
  };
  return incrementalWindowNode(on.graph, reduced, span, { ...reduction, schema }, { operator, label });
}

// ---- persistence

/** @throws BAD_ARGUMENT */
export function persist({ context, node }: GraphStream, level: StorageLevel): void {
  context.requireBuilding("persist");
  checkLevel(level, "persist");
  const kept = node.persistsParent ?? node;
  kept.level = level;
}

/** @throws BAD_WINDOW */
export function checkpoint(on: GraphStream, interval: DurationLike): void {
  on.context.requireBuilding("checkpoint");
  const { slideMs, level } = on.node;
  const ms = parseDuration(interval, "the interval of checkpoint");
  if (ms % slideMs !== 0) {
    throw badWindow(
      `the interval of checkpoint is ${formatDuration(ms)}; it must be a multiple of ${formatDuration(slideMs)}, the interval at which the stream has batches.`,
    );
  }
  if (level === undefined) persist(on, StorageLevel.MEMORY_AND_DISK);
}

function spanOf(on: GraphStream, operator: string, length: unknown, slide: unknown, options?: unknown): WindowSpan {
  on.context.requireBuilding(operator);
  // Invalid durations and options are refused where they are read.
  const [duration, every] = [length as DurationLike, slide as DurationLike | undefined];
  const placed = options as ShuffleOptions<unknown> | undefined;
  return windowSpan(on.node, operator, duration, every, () => on.partitioning(placed, operator));
}

/** Reduced again over the batches of a window: its pairs are already partitioned, so nothing is shuffled. */
function windowed<K>(
  perBatch: GraphStream,
  span: WindowSpan,
  merge: FunctionRef,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): StreamNode {
  const label = labelOf(operator, merge);
  const batches = perBatch.at(windowNode(perBatch.node, span, label));
  return batches.take(reduceByKeyStep(merge, batches.partitioning(options, operator), operator), label);
}

/** An incremental window over all records as if they had one key. */
function overOneKey(
  on: GraphStream,
  reduce: FunctionRef,
  inverse: FunctionRef,
  span: WindowSpan,
  operator: string,
): StreamNode {
  const one: Partitioning = { kind: "hash", partitions: 1 };
  const keyed = on.take(narrowStep("map", operators.keyByNull.ref(), false, operator), operator);
  const perBatch = on.at(keyed).take(reduceByKeyStep(reduce, one, operator), operator);
  const reduction = { reduce, inverse, filter: undefined, partitioning: one };
  const named = { operator, label: labelOf(operator, reduce) };
  const state = incrementalWindowNode(on.graph, perBatch, span, reduction, named);
  return { ...on.at(state).take(plainStep("values"), operator), shows: state };
}
