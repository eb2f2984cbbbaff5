import { assert, parseDuration } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import {
  IN_MEMORY_OR_ON_DISK,
  type Lineage,
  type Partitioning,
  type ShuffleDependency,
  type StateChange,
  type StateNode,
} from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { type StreamNode, whenReady } from "../graph/stream-node.ts";
import type { JobContext } from "../job/job-context.ts";
import { type Partitioner, partitioningOf } from "../partition/partitioner.ts";
import { checkAll, checkCount, checkFlag, checkOptions } from "../refusal/check-all.ts";
import { kindOf } from "../refusal/not-given.ts";
import { collectionSource } from "../source/collection.ts";
import {
  type AnyMapOptions,
  type AnyStateOptions,
  type InitialPairs,
  type Migrate,
  SPEC,
  StateSpec,
} from "../stream/state-spec.ts";
import { datasetOf, lineageIn } from "./dataset.ts";
import type { GraphStream } from "./graph-stream.ts";
import { labelOf } from "./steps.ts";

// Operations that maintain state for each key across batches.

/** Options of `updateStatePartitions`. */
export interface StateOptions<K, S> {
  /** Number of partitions of the state, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Partitioner of the keys; by hash if absent. */
  readonly partitioner?: Partitioner<K> | undefined;
  /** Initial state, available to the first batch. */
  readonly initialState?: InitialPairs<K, S> | undefined;
  /** The version of the state's values, 1 by default: raise it when what they are changes. */
  readonly version?: number | undefined;
  /** Makes values of this version out of older ones: see {@link Migrate}. */
  readonly migrate?: Migrate<K, S> | undefined;
}

/** Options of `updateStateByKey`. */
export interface UpdateOptions<K, S> extends StateOptions<K, S> {
  /** Call the function only for keys with values in the batch: idle keys never expire. */
  readonly onlyUpdated?: boolean | undefined;
}

type AnyUpdateOptions = AnyStateOptions & { readonly onlyUpdated?: boolean | undefined };

/** The options common to all stateful operations. */
const STATE_OPTIONS: readonly string[] = ["numPartitions", "partitioner", "initialState", "version", "migrate"];

/** @throws BAD_ARGUMENT Lists all mistakes. */
function checkState(context: JobContext, options: AnyStateOptions, operator: string): void {
  const { numPartitions, partitioner, initialState, version = 1, migrate } = options;
  checkAll(operator, {
    schema: () => checkSchema(version, migrate, operator),
    placement: () => partitioningOf({ numPartitions, partitioner }, operator, context),
    initialState: () => initialState === undefined || checkInitial(initialState, operator),
  });
}

export function updateStateByKey(
  on: GraphStream,
  fn: unknown,
  given: number | AnyUpdateOptions | undefined,
): StreamNode {
  const options: AnyUpdateOptions = typeof given === "number" ? { numPartitions: given } : (given ?? {});
  const operator = "updateStateByKey";
  const { onlyUpdated = false } = options;
  checkAll(operator, {
    options: () => checkOptions(options, ["onlyUpdated", ...STATE_OPTIONS], operator),
    onlyUpdated: () => checkFlag(onlyUpdated, `onlyUpdated of ${operator}`),
    state: () => checkState(on.context, options, operator),
  });
  return statefulNode(on, operator, fn, options, (update, feed, initial) => ({
    kind: "updateByKey",
    feed,
    initial,
    fn: update,
    onlyUpdated,
  }));
}

export function updateStatePartitions(
  on: GraphStream,
  fn: unknown,
  given: number | AnyStateOptions | undefined,
): StreamNode {
  const options = typeof given === "number" ? { numPartitions: given } : (given ?? {});
  const operator = "updateStatePartitions";
  checkAll(operator, {
    options: () => checkOptions(options, STATE_OPTIONS, operator),
    state: () => checkState(on.context, options, operator),
  });
  return statefulNode(on, operator, fn, options, (update, feed, initial) => ({
    kind: "updatePartition",
    feed,
    initial,
    fn: update,
  }));
}

/**
 * Its result is persisted, so that no reader calls the function again.
 *
 * @param given The function, or a spec of it.
 */
export function mapWithState(on: GraphStream, given: unknown, more: AnyMapOptions | undefined): StreamNode {
  const { fn, options } = given instanceof StateSpec ? given[SPEC] : { fn: given, options: more ?? {} };
  const { timeout } = options;
  const operator = "mapWithState";
  const { timeoutMs } = checkAll(operator, {
    options: () => checkOptions(options, ["timeout", ...STATE_OPTIONS], operator),
    timeoutMs: () => (timeout === undefined ? 0 : parseDuration(timeout, `the timeout of ${operator}`)),
    state: () => checkState(on.context, options, operator),
  });
  const node = statefulNode(on, operator, fn, options, (map, feed, initial) => ({
    kind: "mapWithState",
    feed,
    initial,
    fn: map,
    timeoutMs,
  }));
  node.level = IN_MEMORY_OR_ON_DISK;
  return node;
}

/** The stream of all `mapWithState` state after each batch. */
export function stateSnapshots({ context, node: mapped }: GraphStream): StreamNode {
  const label = "stateSnapshots";
  context.requireBuilding(label);
  return {
    label,
    parents: [mapped],
    slideMs: mapped.slideMs,
    compute: (scope) =>
      whenReady(scope.lineageOf(mapped), (after) => {
        const state = scope.stateOf(mapped);
        assert(state !== undefined && after.kind === "persisted", "the result of mapWithState is persisted");
        return { ...state, change: { kind: "snapshot", after }, label };
      }),
  };
}

/** One state node per batch, which remembers what it must run with. */
function statefulNode(
  on: GraphStream,
  operator: string,
  fn: unknown,
  options: AnyStateOptions,
  change: (fn: FunctionRef, feed: ShuffleDependency, initial: ShuffleDependency | undefined) => StateChange,
): StreamNode {
  const { context, graph, node: parent } = on;
  const ref = on.ship(fn, operator);
  const { numPartitions, partitioner, initialState, version = 1, migrate } = options;
  const schema = { version, migrate: migrate && on.ship(migrate, `migrate of ${operator}`) };
  const partitioning = on.partitioning({ numPartitions, partitioner }, operator);
  const initial = initialState && context.dependency(initialLineage(context, initialState, operator));
  const label = labelOf(operator, ref);
  const node: StreamNode = {
    label,
    parents: [parent],
    slideMs: parent.slideMs,
    compute: (scope) =>
      whenReady(scope.lineageOf(parent), (lineage) => {
        const name = graph.names.stateName(node);
        const versions = scope.versionsOf(node, name);
        const made: StateNode = {
          kind: "state",
          operator: name,
          directory: graph.checkpointDir,
          change: change(ref, context.dependency(lineage), versions.before === undefined ? initial : undefined),
          partitioning: partitioning ?? defaultPartitioning(context.defaultParallelism),
          versions,
          schema,
          label,
        };
        scope.addState(node, made);
        return made;
      }),
  };
  graph.names.addState(node, { operator, partitioning, fn, schema });
  return node;
}

function defaultPartitioning(partitions: number): Partitioning {
  return { kind: "hash", partitions };
}

function initialLineage(context: JobContext, given: InitialPairs<unknown, unknown>, operator: string): Lineage {
  if (!(Symbol.iterator in given)) return lineageIn(context, given, operator);
  return collectionSource(context, [...given], { partitions: undefined, label: `the initial state of ${operator}` });
}

/** @throws BAD_ARGUMENT */
export function checkSchema(version: unknown, migrate: unknown, operator: string): void {
  checkAll(operator, {
    version: () => checkCount(version, `the version of the state of ${operator}`, 1, 1_000_000_000),
    migrate: () => checkMigrate(migrate, Number(version), operator),
  });
}

/** @throws BAD_ARGUMENT It is no function, or would never be called. */
function checkMigrate(migrate: unknown, version: number, operator: string): void {
  if (migrate === undefined) return;
  if (typeof migrate !== "function") {
    throw badArgument(`migrate of ${operator} is ${kindOf(migrate)}. It must be a function.`);
  }
  if (version > 1) return;
  throw badArgument(
    `migrate of ${operator} is never called: the state has version 1, the first. Raise version when its values change.`,
  );
}

/** @throws BAD_ARGUMENT Neither an RDD nor an iterable. */
function checkInitial(given: unknown, operator: string): void {
  if (datasetOf(given) !== undefined) return;
  if (typeof given === "object" && given !== null && Symbol.iterator in given) return;
  throw badArgument(`the initial state of ${operator} is an RDD of pairs, or an array or another iterable of pairs.`);
}
