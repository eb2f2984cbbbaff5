import type { Lineage } from "@millrace/plan";
import type { DStream } from "../dstream.ts";
import { badArgument } from "../errors.ts";
import { GRAPH, OF } from "../internals.ts";
import { notGiven } from "../not-given.ts";
import { RDD } from "../rdd.ts";
import { mergeNode, transformNode, unionStep } from "../stream-steps.ts";
import type { StreamCore } from "./stream-core.ts";

/** Streams, one after the other. */
export function unionOf<T>(streams: readonly StreamCore<T>[]): DStream<T> {
  const { first, graph, parents } = parentsOf(streams, "union");
  return first[OF]<T>(mergeNode(graph, parents, unionStep, "union"));
}

/** A stream whose RDDs a function of the driver makes. */
export function transformed<U>(
  streams: readonly StreamCore<unknown>[],
  operator: string,
  fn: (rdds: readonly RDD<unknown>[], time: number) => RDD<U> | Promise<RDD<U>>,
): DStream<U> {
  const { first, graph, parents } = parentsOf(streams, operator);
  const toRdd = (lineage: Lineage): RDD<unknown> => new RDD(graph.context, lineage);
  return first[OF]<U>(transformNode(graph, parents, operator, (lineages, time) => fn(lineages.map(toRdd), time)));
}

function parentsOf<T>(streams: readonly StreamCore<T>[], operator: string) {
  const [first] = streams;
  if (first === undefined) throw badArgument(`${operator} takes one stream at least, and was given none.`);
  if (typeof first !== "object" || first === null || !(GRAPH in first)) throw notGiven("streams", first, operator);
  const graph = first[GRAPH];
  graph.context.requireBuilding(operator);
  return { first, graph, parents: streams.map((stream) => graph.streamOf(stream, operator)) };
}
