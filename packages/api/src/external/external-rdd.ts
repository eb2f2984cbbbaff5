import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type Lineage, parentsOf, type SourceNode, source, type TaskInput } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { CONTEXT, DATASET } from "../internals.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import { RDD } from "../rdd/rdd.ts";
import { kindOf } from "../refusal/not-given.ts";
import type { ExternalSource } from "./external-source.ts";

/**
 * An RDD of ranges that are known, for packages: a partition for each, in their order. Call it in `build`, or in `transform` and
 * `foreachRDD`.
 *
 * @param from As for a stream, of which it takes what tasks need.
 * @throws BAD_ARGUMENT
 * @throws FUNCTION_NOT_SHIPPABLE Executors would not find `read`.
 */
export function externalRDD<Range, T, Options>(
  ssc: StreamingContext,
  from: Pick<ExternalSource<Range, T, Options>, "label" | "options" | "read">,
  ranges: readonly Range[],
): RDD<T> {
  const context = ssc[CONTEXT];
  if (typeof from?.label !== "string" || from.label === "")
    throw badArgument("externalRDD takes a label, options and a function read. Give it those.");
  if (!Array.isArray(ranges))
    throw badArgument(`the ranges given to externalRDD are ${kindOf(ranges)}. Give an array of them.`);
  const { site } = context.ship(from.read, `read of ${from.label}`);
  const read = context.checked(operators.readExternal.ref(() => [from.read, from.options], site));
  const inputs = ranges.map((range): TaskInput => ({ kind: "external", range: encodeValue(range, emptyClassTable) }));
  return new RDD<T>(context, { ...source({ read }, inputs, from.label), lasting: context.building });
}

/**
 * The ranges that an RDD is computed from, for packages: those of the sources of a kind, wherever they are in its lineage, and
 * of each batch in a window. Those of a stream's own RDD are in the order of its partitions.
 *
 * @param kind The first word of the labels of the package's sources: `kafka`.
 * @throws BAD_ARGUMENT It is no RDD.
 */
export function externalRanges<Range>(rdd: RDD<unknown>, kind: string): readonly Range[] {
  if (!(rdd instanceof RDD)) throw badArgument(`externalRanges takes an RDD, not ${kindOf(rdd)}.`);
  const sources = sourcesBelow(rdd[DATASET].lineage).filter(({ label }) => label.split(" ", 1)[0] === kind);
  return sources.flatMap(({ inputs = [] }) =>
    // They are what the package gave, encoded by this package.
    inputs.flatMap((input) => (input.kind === "external" ? [decodeValue(input.range, emptyClassTable) as Range] : [])),
  );
}

/** The sources that a node reads, each once, in the order of its parents. */
function sourcesBelow(node: Lineage, seen: Set<Lineage> = new Set()): readonly SourceNode[] {
  if (seen.has(node)) return [];
  seen.add(node);
  if (node.kind === "source") return [node];
  const parents = node.kind === "deferred" ? node.parents : parentsOf(node);
  return parents.flatMap((parent) => sourcesBelow(parent, seen));
}
