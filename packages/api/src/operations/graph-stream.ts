import type { FunctionRef } from "@millrace/operators";
import type { Lineage, Partitioning } from "@millrace/plan";
import { otherContext } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { commonSlide, type StreamNode, whenReady } from "../graph/stream-node.ts";
import { STREAM } from "../internals.ts";
import type { JobContext } from "../job/job-context.ts";
import { partitioningOf, type ShuffleOptions } from "../partition/partitioner.ts";
import { notGiven } from "../refusal/not-given.ts";
import type { Carrier } from "./carrier.ts";
import type { MergeStep, Step, StepContext } from "./steps.ts";

/**
 * A stream as the engine sees it: a node of the job's graph. Its operations may be declared only while `build` runs.
 */
export class GraphStream implements Carrier<StreamNode> {
  readonly graph: GraphBuilder;
  readonly node: StreamNode;

  constructor(graph: GraphBuilder, node: StreamNode) {
    this.graph = graph;
    this.node = node;
  }

  get context(): JobContext {
    return this.graph.context;
  }

  ship(fn: unknown, operator: string): FunctionRef {
    this.context.requireBuilding(operator);
    return this.context.ship(fn, operator);
  }

  partitioning<K>(options: ShuffleOptions<K> | undefined, operator: string): Partitioning | undefined {
    this.context.requireBuilding(operator);
    return partitioningOf(options, operator, this.context);
  }

  take(step: Step, label: string): StreamNode {
    const { context, node: parent } = this;
    context.requireBuilding(label);
    const at = streamSteps(context);
    return {
      label,
      parents: [parent],
      slideMs: parent.slideMs,
      compute: (scope) => whenReady(scope.lineageOf(parent), (lineage) => step(lineage, at)),
    };
  }

  merge(others: readonly unknown[], step: MergeStep, operator: string): StreamNode {
    const { context } = this;
    context.requireBuilding(operator);
    const at = streamSteps(context);
    const parents = [this.node, ...others.map((other) => this.nodeOf(other, operator))];
    return {
      label: operator,
      parents,
      slideMs: commonSlide(parents, operator),
      compute: (scope) => whenReady(allReady(parents.map((parent) => scope.lineageOf(parent))), (all) => step(all, at)),
    };
  }

  /** @throws BAD_ARGUMENT, NAME_TAKEN */
  rename(id: string): void {
    this.context.requireBuilding("named");
    this.graph.names.give(this.node, id);
  }

  /** Another stream of the same graph. */
  at(node: StreamNode): GraphStream {
    return new GraphStream(this.graph, node);
  }

  /** @throws BAD_ARGUMENT It is not a stream. @throws OTHER_CONTEXT It belongs to another job. */
  nodeOf(stream: unknown, operator: string): StreamNode {
    const other = graphStreamOf(stream);
    if (other === undefined) throw notGiven("streams", stream, operator);
    if (other.graph === this.graph) return other.node;
    throw otherContext(
      `${operator} was given a stream of another job. Use streams that come from one StreamingContext.`,
    );
  }
}

/** The engine's part of a stream; `undefined` if the value is not a stream. */
export function graphStreamOf(value: unknown): GraphStream | undefined {
  if (typeof value !== "object" || value === null || !(STREAM in value)) return undefined;
  return value[STREAM] instanceof GraphStream ? value[STREAM] : undefined;
}

function allReady(lineages: readonly (Lineage | Promise<Lineage>)[]): readonly Lineage[] | Promise<readonly Lineage[]> {
  if (lineages.some((lineage) => lineage instanceof Promise)) return Promise.all(lineages);
  return lineages as readonly Lineage[]; // none is a promise
}

/** Steps of streams: without a given number, the default parallelism. */
function streamSteps(context: JobContext): StepContext {
  return {
    dependency: (parent) => context.dependency(parent),
    defaultPartitioning: () => ({ kind: "hash", partitions: context.defaultParallelism }),
  };
}
