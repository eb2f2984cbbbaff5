import type { JobFunction } from "@millrace/operators";
import { union as unionNode } from "@millrace/plan";
import { badArgument, transformResult } from "../errors.ts";
import { commonSlide, type StreamNode } from "../graph/stream-node.ts";
import { runAuthorCode } from "../job/author-code.ts";
import { RDD } from "../rdd/rdd.ts";
import { kindOf, notGiven } from "../refusal/not-given.ts";
import { datasetOf, lineageIn } from "./dataset.ts";
import { type GraphStream, graphStreamOf } from "./graph-stream.ts";

// Streams derived by a function of the driver from the RDDs of one stream, or of several.

/** A function of the author, whose types have been checked by its method: of one RDD per stream, and the batch time. */
type OfRdds = JobFunction<[...rdds: RDD<unknown>[], time: number]>;

/** `transform` and its variants. @throws BAD_ARGUMENT */
export function transform(streams: readonly unknown[], fn: OfRdds, operator: string): StreamNode {
  checkBody(fn, operator);
  return transformed(streams, operator, (rdds, time) => fn(...rdds, time));
}

/** `transform` of several streams. @throws BAD_ARGUMENT */
export function transformedAll(
  streams: readonly unknown[],
  fn: (rdds: readonly RDD<unknown>[], time: number) => unknown,
): StreamNode {
  if (!Array.isArray(streams)) throw badArgument("transform takes an array of streams and a function.");
  return transformed([...streams], "transform", fn);
}

/** A stream whose RDDs a function of the driver derives from those of several streams in a batch. */
function transformed(
  streams: readonly unknown[],
  operator: string,
  fn: (rdds: readonly RDD<unknown>[], time: number) => unknown,
): StreamNode {
  const { on, others } = severalStreams(streams, operator);
  const { context } = on;
  const parents = [on.node, ...others.map((other) => on.nodeOf(other, operator))];
  return {
    label: operator,
    parents,
    slideMs: commonSlide(parents, operator),
    compute: async (scope) => {
      const lineages = await Promise.all(parents.map((parent) => scope.lineageOf(parent)));
      const rdds = lineages.map((lineage) => new RDD<unknown>(context, lineage));
      const code = { what: `the function given to ${operator}`, outcome: "The batch fails." };
      const made = await runAuthorCode(code, () => fn(rdds, scope.time));
      if (datasetOf(made) !== undefined) return lineageIn(context, made, operator);
      throw transformResult(
        `the function given to ${operator} returned ${kindOf(made)} for batch ${scope.time}, not an RDD. ` +
          "The batch fails. Return an RDD; an empty one is ssc.emptyRDD().",
      );
    },
  };
}

/** The concatenation of streams. */
export function unionOf(streams: readonly unknown[]): StreamNode {
  const { on, others } = severalStreams(streams, "union");
  return on.merge(others, unionNode, "union");
}

/** @throws BAD_ARGUMENT None is given, or the first is not a stream. */
function severalStreams(
  streams: readonly unknown[],
  operator: string,
): { on: GraphStream; others: readonly unknown[] } {
  const [first, ...others] = streams;
  if (streams.length === 0) throw badArgument(`${operator} takes at least one stream, and was given none.`);
  const on = graphStreamOf(first);
  if (on === undefined) throw notGiven("streams", first, operator);
  on.context.requireBuilding(operator);
  return { on, others };
}

/** @throws BAD_ARGUMENT */
export function checkBody(fn: unknown, operator: string): void {
  if (typeof fn === "function") return;
  throw badArgument(`${operator} takes a function, and was given ${fn === null ? "null" : typeof fn}.`);
}
