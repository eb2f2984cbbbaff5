import type { Partitioning, StateNode } from "@millrace/plan";
import type { GraphBuilder } from "./graph-builder.ts";
import { type Partitioner, partitioningOf } from "./partitioner.ts";
import type { RDD } from "./rdd.ts";
import { lineageIn } from "./rdd-steps.ts";
import { labelOf } from "./steps.ts";
import { type StreamNode, whenReady } from "./stream-node.ts";

/** Options of `updateStateByKey`. */
export interface UpdateOptions<K, S> {
  /** How many partitions the state has, 1 to 4096. */
  readonly numPartitions?: number | undefined;
  /** Where each key goes; by its hash if this is left out. */
  readonly partitioner?: Partitioner<K> | undefined;
  /** State to begin with, in the first batch of a job that has none from an earlier run. */
  readonly initialState?: RDD<readonly [K, S]> | undefined;
  /** Call the function only for keys that have values in the batch. */
  readonly onlyUpdated?: boolean | undefined;
}

/** The stream of `updateStateByKey`: one node of state per batch, which remembers what it has to be run with. */
export function stateNode<K, S>(
  graph: GraphBuilder,
  parent: StreamNode,
  fn: unknown,
  given: number | UpdateOptions<K, S> | undefined,
): StreamNode {
  const { context } = graph;
  const operator = "updateStateByKey";
  context.requireBuilding(operator);
  const options: UpdateOptions<K, S> = typeof given === "number" ? { numPartitions: given } : (given ?? {});
  const update = context.ship(fn, operator);
  const partitioning = partitioningOf<K>(
    { numPartitions: options.numPartitions, partitioner: options.partitioner },
    operator,
    context,
  );
  const initialState = options.initialState && lineageIn(context, options.initialState, operator);
  const initial = initialState && context.dependency(initialState);
  const label = labelOf(operator, update);
  const node: StreamNode = {
    label,
    parents: [parent],
    slideMs: parent.slideMs,
    compute: (scope) =>
      whenReady(scope.lineageOf(parent), (lineage) => {
        const versions = scope.versionsOf(node);
        const made: StateNode = {
          kind: "state",
          operator: graph.nameOf(node) ?? position,
          directory: graph.checkpointDir,
          change: {
            kind: "updateByKey",
            feed: context.dependency(lineage),
            initial: versions.version === 0 ? initial : undefined,
            fn: update,
            onlyUpdated: options.onlyUpdated ?? false,
          },
          partitioning: partitioning ?? defaultPartitioning(context.defaultParallelism),
          versions,
          label,
        };
        scope.states.set(node, made);
        return made;
      }),
  };
  const position = graph.addState(node, operator);
  return node;
}

function defaultPartitioning(partitions: number): Partitioning {
  return { kind: "hash", partitions };
}
