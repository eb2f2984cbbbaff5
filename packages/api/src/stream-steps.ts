import { type Lineage, union } from "@millrace/plan";
import { runAuthorCode } from "./author-code.ts";
import { badArgument, transformResult } from "./errors.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { LINEAGE } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import { kindOf } from "./not-given.ts";
import { lineageIn } from "./rdd-steps.ts";
import type { MergeStep, Step, StepContext } from "./steps.ts";
import { commonSlide, type StreamNode, whenReady } from "./stream-node.ts";

/** A stream that takes one step from its parent in each batch. */
export function stepNode(graph: GraphBuilder, parent: StreamNode, step: Step, label: string): StreamNode {
  const at = streamSteps(graph.context);
  return {
    label,
    parents: [parent],
    slideMs: parent.slideMs,
    compute: (scope) => whenReady(scope.lineageOf(parent), (lineage) => step(lineage, at)),
  };
}

/** A stream that brings its parents' RDDs of a batch together. */
export function mergeNode(
  graph: GraphBuilder,
  parents: readonly StreamNode[],
  step: MergeStep,
  label: string,
): StreamNode {
  const at = streamSteps(graph.context);
  return {
    label,
    parents,
    slideMs: commonSlide(parents, label),
    compute: (scope) => whenReady(allReady(parents.map((parent) => scope.lineageOf(parent))), (all) => step(all, at)),
  };
}

/** One parent's records after the other's. */
export const unionStep: MergeStep = (parents) => union(parents);

/** A stream whose RDDs a function of the driver makes: from lineage to something that must be an RDD. */
export function transformNode(
  graph: GraphBuilder,
  parents: readonly StreamNode[],
  operator: string,
  fn: (lineages: readonly Lineage[], time: number) => unknown,
): StreamNode {
  return {
    label: operator,
    parents,
    slideMs: commonSlide(parents, operator),
    compute: async (scope) => {
      const lineages = await Promise.all(parents.map((parent) => scope.lineageOf(parent)));
      const code = { what: `the function given to ${operator}`, outcome: "The batch fails." };
      const made = await runAuthorCode(code, () => fn(lineages, scope.time));
      if (typeof made === "object" && made !== null && LINEAGE in made) return lineageIn(graph.context, made, operator);
      throw transformResult(
        `the function given to ${operator} returned ${kindOf(made)} for batch ${scope.time}, not an RDD. ` +
          "The batch fails. Return an RDD; an empty one is ssc.emptyRDD().",
      );
    },
  };
}

/** @throws BAD_ARGUMENT */
export function checkBody(fn: unknown, operator: string): void {
  if (typeof fn !== "function") {
    throw badArgument(`${operator} takes a function, and was given ${fn === null ? "null" : typeof fn}.`);
  }
}

function allReady(lineages: readonly (Lineage | Promise<Lineage>)[]): readonly Lineage[] | Promise<readonly Lineage[]> {
  if (lineages.some((lineage) => lineage instanceof Promise)) return Promise.all(lineages);
  return lineages as readonly Lineage[]; // none is a promise
}

/** Steps of streams: what says nothing of its partitions has the default parallelism (features section 1.5). */
function streamSteps(context: JobContext): StepContext {
  return {
    dependency: (parent) => context.dependency(parent),
    defaultPartitioning: () => ({ kind: "hash", partitions: context.defaultParallelism }),
  };
}
