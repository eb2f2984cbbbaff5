import type { AnyContext, AnyStream, Graph, GraphNode, StreamType } from "./graph.ts";
import { operations } from "./operations.ts";
import { show } from "./show.ts";

/** One output of one batch: its partitions of records, each as `show` has it. */
export interface OutputBatch {
  /** Position of the stream among sources and nodes. */
  readonly stream: number;
  /** From 1. */
  readonly batch: number;
  readonly partitions: readonly (readonly string[])[];
}

/** Declares a graph's streams, with an output for each leaf. */
export function buildGraph(ssc: AnyContext, graph: Graph, emit: (output: OutputBatch) => void): void {
  const streams: AnyStream[] = graph.sources.map(({ batches }) =>
    ssc.queueStream(
      batches.map(({ partitions, records }) =>
        partitions === 0 ? [...records] : ssc.parallelize(records, partitions),
      ),
    ),
  );
  for (const node of graph.nodes) streams.push(operationOf(node).apply(parentsIn(streams, node), node));
  let batch = 0;
  streams[0]?.foreachRDD(() => {
    batch += 1;
  });
  for (const stream of leavesOf(graph)) {
    streams[stream]?.foreachRDD(async (rdd) => {
      const partitions = (await rdd.glom().collect()) as unknown[][]; // what glom makes
      emit({ stream, batch, partitions: partitions.map((records) => records.map(show)) });
    });
  }
}

/** The type of each stream. @throws The graph does not fit together. */
export function typesOf(graph: Graph): readonly StreamType[] {
  const types: StreamType[] = graph.sources.map(({ pair, value, batches }) => ({
    pair,
    value,
    sequence: true,
    placed: true,
    slide: 1,
    stateful: false,
    size: Math.max(0, ...batches.map(({ records }) => records.length)),
  }));
  for (const node of graph.nodes) {
    const type = operationOf(node).type(parentsIn(types, node), node);
    if (type === undefined) throw new Error(`${node.op} does not take ${JSON.stringify(parentsIn(types, node))}`);
    types.push(type);
  }
  return types;
}

/** Streams of which no other is made. */
function leavesOf({ sources, nodes }: Graph): readonly number[] {
  const used = new Set(nodes.flatMap(({ of }) => of));
  return Array.from({ length: sources.length + nodes.length }, (_, i) => i).filter((i) => !used.has(i));
}

function operationOf({ op }: GraphNode) {
  const operation = operations[op];
  if (operation === undefined) throw new Error(`there is no operation ${op}`);
  return operation;
}

/** The second counts for operations on two. */
function parentsIn<T>(all: readonly T[], { op, of: [first = -1, second = first] }: GraphNode): readonly [T, T] {
  const [a, b] = [all[first], all[second]];
  if (a === undefined || b === undefined) throw new Error(`${op} is made of streams that are not there`);
  return [a, b];
}
