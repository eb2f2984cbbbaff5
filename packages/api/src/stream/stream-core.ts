import type { FunctionRef } from "@millrace/operators";
import type { JoinKind, NarrowKind, ShuffleUse } from "@millrace/plan";
import type { DStream, MapWithStateDStream } from "../dstream.ts";
import { DRIVER_ONLY, STREAM_REMEDY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { CONTEXT, GRAPH, INSPECT, OF, OF_STATE, STREAM } from "../internals.ts";
import type { JobContext } from "../job-context.ts";
import { partitioningOf, type ShuffleOptions } from "../partitioner.ts";
import { labelOf, mergeName, mergeStep, narrowStep, type Step, shuffleStep } from "../steps.ts";
import type { StreamNode } from "../stream-node.ts";
import { mergeNode, stepNode } from "../stream-steps.ts";

/** What every layer of `DStream` stands on: the node of the graph that the stream is. */
export abstract class StreamCore<out _T> {
  readonly [CONTEXT]: JobContext;
  readonly [GRAPH]: GraphBuilder;
  readonly [STREAM]: StreamNode;

  /** @internal */
  constructor(graph: GraphBuilder, stream: StreamNode) {
    this[CONTEXT] = graph.context;
    this[GRAPH] = graph;
    this[STREAM] = stream;
  }

  /** What `console.log` shows: which stream it is, not its batches. */
  [INSPECT](): string {
    return `DStream (${this[STREAM].label})`;
  }

  get [DRIVER_ONLY]() {
    return STREAM_REMEDY;
  }

  /** The stream of another node: the layers below do not know the class that has them all. */
  abstract [OF]<U>(node: StreamNode): DStream<U>;

  /** The stream of `mapWithState`. */
  abstract [OF_STATE]<K, S, U>(node: StreamNode): MapWithStateDStream<K, S, U>;
}

// These take any stream, where methods with a `this` type have no access to private members.

export function ship(stream: StreamCore<unknown>, fn: unknown, operator: string): FunctionRef {
  stream[CONTEXT].requireBuilding(operator);
  return stream[CONTEXT].ship(fn, operator);
}

export function partitioning<K>(stream: StreamCore<unknown>, options: ShuffleOptions<K> | undefined, operator: string) {
  stream[CONTEXT].requireBuilding(operator);
  return partitioningOf(options, operator, stream[CONTEXT]);
}

export function stepped<U>(stream: StreamCore<unknown>, step: Step, label: string): DStream<U> {
  const graph = stream[GRAPH];
  graph.context.requireBuilding(label);
  return stream[OF]<U>(stepNode(graph, stream[STREAM], step, label));
}

export function narrowed<U>(
  stream: StreamCore<unknown>,
  kind: NarrowKind,
  fn: unknown,
  keepsPartitioning?: boolean,
): DStream<U> {
  const ref = ship(stream, fn, kind);
  return stepped(stream, narrowStep(kind, ref, keepsPartitioning), labelOf(kind, ref));
}

export function shuffledBy<U, K>(
  stream: StreamCore<unknown>,
  use: ShuffleUse,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): DStream<U> {
  return stepped(stream, shuffleStep(use, partitioning(stream, options, operator), operator), operator);
}

export function merged<U, K>(
  stream: StreamCore<unknown>,
  other: StreamCore<unknown>,
  how: "cogroup" | JoinKind,
  options: ShuffleOptions<K> | undefined,
): DStream<U> {
  const label = mergeName(how);
  const step = mergeStep(how, partitioning(stream, options, label));
  const graph = stream[GRAPH];
  return stream[OF]<U>(mergeNode(graph, [stream[STREAM], graph.streamOf(other, label)], step, label));
}
