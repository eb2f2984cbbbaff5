import { type DurationLike, epochMs, formatDuration, millis, parseDuration } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import {
  IN_MEMORY_OR_ON_DISK,
  type Lineage,
  type Partitioning,
  type StateNode,
  type StateSchema,
  type StateVersions,
  union,
} from "@millrace/plan";
import { badWindow, windowForgotten } from "../errors.ts";
import { checkAll } from "../refusal/check-all.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { NodeBatch, StreamNode } from "./stream-node.ts";

/** A window over a stream: its length, and the slide from one window to the next, in ms. */
export interface WindowSpan {
  readonly lengthMs: number;
  readonly slideMs: number;
}

/**
 * Checks a window against its parent stream.
 *
 * @param slide The slide of the parent if absent.
 * @param also Checks the operation's other arguments, so that all mistakes are reported together.
 * @throws BAD_WINDOW, BAD_DURATION, BAD_ARGUMENT
 */
export function windowSpan(
  parent: StreamNode,
  operator: string,
  length: DurationLike,
  slide: DurationLike | undefined,
  also: () => unknown = () => undefined,
): WindowSpan {
  const { slideMs } = parent;
  const span = checkAll(operator, {
    lengthMs: () => multipleOf(slideMs, length, `the length of ${operator} over ${parent.label}`),
    slideMs: () =>
      slide === undefined ? slideMs : multipleOf(slideMs, slide, `the slide of ${operator} over ${parent.label}`),
    rest: also,
  });
  return { lengthMs: span.lengthMs, slideMs: span.slideMs };
}

function multipleOf(parentSlideMs: number, duration: DurationLike, what: string): number {
  const ms = parseDuration(duration, what);
  if (ms % parentSlideMs === 0) return ms;
  throw badWindow(
    `${what} is ${formatDuration(ms)}; it must be a multiple of ${formatDuration(millis(parentSlideMs))}, ` +
      "the interval at which its parent has batches. Choose such a length and slide, or another batch interval.",
  );
}

/**
 * The records of the parent's batches in `(t - length, t]`, oldest first. The parent's RDDs are kept for as long as a
 * window needs them, so that each is computed once.
 */
export function windowNode(parent: StreamNode, span: WindowSpan, label: string): StreamNode {
  keep(parent);
  return {
    label,
    parents: [parent],
    slideMs: span.slideMs,
    looksBackMs: span.lengthMs,
    persistsParent: parent.persistsParent ?? parent,
    compute: (scope) => lineagesIn(scope, parent, scope.time - span.lengthMs, scope.time, label).then(union),
  };
}

/** Persists the parent of a window even if the author does not ask for it, since windows read a batch several times (WN-4 of docs/operations.md). */
function keep(stream: StreamNode): void {
  const kept = stream.persistsParent ?? stream;
  kept.level ??= IN_MEMORY_OR_ON_DISK;
}

/** The functions of an incremental window: see the `window` update of state. */
export interface WindowReduction {
  readonly reduce: FunctionRef;
  readonly inverse: FunctionRef;
  readonly filter: FunctionRef | undefined;
  /** The placement of the parent's pairs; by default, by hash into as many partitions as the cluster has slots. */
  readonly partitioning: Partitioning | undefined;
  /** Of its values; version 1 by default. */
  readonly schema?: StateSchema;
}

/**
 * The pairs of a window, kept as state: batches that have entered since the previous window are added, those that left are subtracted.
 *
 * @param parent Pairs, reduced within each batch and partitioned like the window.
 */
export function incrementalWindowNode(
  graph: GraphBuilder,
  parent: StreamNode,
  span: WindowSpan,
  reduction: WindowReduction,
  { operator, label }: { readonly operator: string; readonly label: string },
): StreamNode {
  const { context } = graph;
  const { schema = { version: 1, migrate: undefined } } = reduction;
  keep(parent);
  const node: StreamNode = {
    label,
    parents: [parent],
    slideMs: span.slideMs,
    looksBackMs: span.lengthMs + span.slideMs,
    compute: async (scope) => {
      const name = graph.names.stateName(node);
      const versions = versionsOf(scope, node, name);
      const [before, now] = [versions.before?.batch ?? 0, scope.time];
      const begin = now - span.lengthMs;
      const entering = await lineagesIn(scope, parent, Math.max(begin, before), now, label);
      // Without a previous window, nothing has left.
      const leaving =
        before === 0 ? [] : await lineagesIn(scope, parent, before - span.lengthMs, Math.min(before, begin), label);
      const made: StateNode = {
        kind: "state",
        operator: name,
        directory: graph.checkpointDir,
        change: {
          kind: "window",
          entering: context.dependency(union(entering)),
          leaving: context.dependency(union(leaving)),
          reduce: reduction.reduce,
          inverse: reduction.inverse,
          filter: reduction.filter,
        },
        partitioning: reduction.partitioning ?? { kind: "hash", partitions: context.defaultParallelism },
        versions,
        schema,
        label,
      };
      scope.addState(node, made);
      return made;
    },
  };
  const inWords = `${formatDuration(millis(span.lengthMs))} by ${formatDuration(millis(span.slideMs))}`;
  graph.names.addState(node, { operator, span: inWords, partitioning: reduction.partitioning, schema });
  return node;
}

/**
 * The state versions of a window, which builds on the window one slide before it. After a failed window it is rebuilt from its own
 * batches: those that have left since may be forgotten, or may be the ones that cannot be computed.
 */
function versionsOf(scope: NodeBatch, node: StreamNode, name: string): StateVersions {
  const versions = scope.versionsOf(node, name);
  return versions.before?.batch === scope.time - node.slideMs ? versions : { ...versions, before: undefined };
}

/** The RDDs of a stream in the batches of `(after, until]`, oldest first, without times before the first batch. */
async function lineagesIn(
  scope: NodeBatch,
  stream: StreamNode,
  after: number,
  until: number,
  label: string,
): Promise<Lineage[]> {
  const { history } = scope;
  const { slideMs } = stream;
  const lineages: Lineage[] = [];
  const first = Math.max(0, Math.floor((after - history.zeroTime) / slideMs)) + 1;
  for (let time = history.zeroTime + first * slideMs; time <= until; time += slideMs) {
    const at = epochMs(time); // a multiple of the interval after the zero time
    const past = history.scopeAt(at);
    if (past === undefined) {
      if (history.isSkipped(at)) continue;
      throw windowForgotten(
        `${label} reads batch ${time} from batch ${scope.time}, but it has been released already. ` +
          "The batch fails. Raise ssc.remember.",
      );
    }
    lineages.push(await past.lineageOf(stream));
  }
  return lineages;
}
