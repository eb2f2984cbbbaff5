import {
  type ActionSink,
  type Lineage,
  type PlannedAction,
  type UnresolvedNode,
  unresolvedNodes,
  type WrittenFile,
  type WrittenShuffle,
} from "@millrace/plan";
import type { BatchScope } from "../batch/batch-scope.ts";
import { askedAt } from "../job/author-code.ts";
import type { JobContext } from "../job/job-context.ts";
import type { ActionResult } from "../port/engine-port.ts";

export interface Action {
  /** The operation's name in messages: `collect`. */
  readonly name: string;
  readonly target: Lineage;
  readonly sink: ActionSink;
  /** Only these partitions, ascending; all by default. */
  readonly partitions?: readonly number[];
  /** The engine runs it for its own purposes: what its tasks add to accumulators is ignored. */
  readonly aside?: true;
}

/**
 * Runs one action on the cluster: resolves its sources, plans it, and waits for other actions that write what it reads.
 *
 * @returns The result block of each requested partition, in order; an empty array if no task was needed.
 */
export async function runAction(context: JobContext, action: Action): Promise<readonly Uint8Array[]> {
  return (await runInBatch(context, action)).partitions;
}

/** Runs an action that saves. @returns The file of each partition, in order; an empty array if no task was needed. */
export async function runSave(context: JobContext, action: Action): Promise<readonly WrittenFile[]> {
  return (await runInBatch(context, action)).written;
}

function runInBatch(context: JobContext, action: Action): Promise<ActionResult> {
  const scope = context.requireBatch(action.name);
  const asked = new Error(action.name);
  const running = perform(context, scope, action).catch((error: unknown) => {
    throw askedAt(error, asked);
  });
  scope.addAction(running);
  return running;
}

async function perform(context: JobContext, scope: BatchScope, action: Action): Promise<ActionResult> {
  await resolveSources(action.target);
  const planned = await planWhenFree(context, scope, action);
  try {
    if (planned.plan.stages.length === 0) return NO_TASK;
    if (planned.ready.length > 0) await Promise.all(planned.ready);
    const result = await context.port.run(planned.plan);
    for (const { id } of planned.writes) context.written.add(id);
    if (result.accumulators.length > 0 && action.aside !== true) context.mergeAccumulators(result.accumulators);
    for (const updated of result.states) scope.updateState(updated);
    for (const state of planned.states) scope.coverState(state);
    return result;
  } finally {
    planned.release();
  }
}

const NO_TASK: ActionResult = { partitions: [], written: [], accumulators: [], states: [] };

/** Resolves everything that a target's plan depends on: the partitions of sources, and the lineages of deferred nodes. */
export async function resolveSources(target: Lineage): Promise<void> {
  // The lineage of a resolved node may have unresolved sources of its own.
  for (let open = unresolvedNodes(target); open.length > 0; open = unresolvedNodes(target)) {
    await Promise.all(open.map((node) => resolveOnce(node)));
  }
}

/** The number of partitions of a lineage. Resolves its sources. */
export async function partitionsOf(context: JobContext, target: Lineage): Promise<number> {
  await resolveSources(target);
  return context.planner.layout().partitions(target);
}

/** Nodes that are being resolved. */
const resolving = new WeakMap<UnresolvedNode, Promise<void>>();

function resolveOnce(node: UnresolvedNode): Promise<void> {
  const known = resolving.get(node);
  if (known !== undefined) return known;
  const found = (async () => {
    try {
      if (node.kind === "source") node.inputs = await (node.resolve?.() ?? []);
      else node.lineage = await node.resolve();
    } finally {
      resolving.delete(node);
    }
  })();
  resolving.set(node, found);
  return found;
}

interface ReservedAction extends PlannedAction {
  /** Gives up this action's claim to its shuffles: other actions may then read them, or write those still missing. */
  release(): void;
}

/** Two plans never write the same shuffle at the same time: the second one waits, and reads the output of the first. */
async function planWhenFree(context: JobContext, scope: BatchScope, action: Action): Promise<ReservedAction> {
  for (;;) {
    const planned = context.planner.plan({
      target: action.target,
      sink: action.sink,
      batch: scope.time,
      written: context.written.all,
      ...(action.partitions === undefined ? {} : { partitions: action.partitions }),
    });
    const busy = context.written.busy(planned.writes);
    if (busy.length === 0) return { ...planned, release: reserve(context, scope, planned.writes) };
    for (const placed of planned.ready) placed.catch(() => {}); // this plan is discarded: the next one reports the failure
    await Promise.all(busy);
  }
}

function reserve(context: JobContext, scope: BatchScope, writes: readonly WrittenShuffle[]): () => void {
  if (writes.some(({ lasting }) => lasting)) scope.keepBroadcasts();
  for (const dependency of writes) {
    if (!dependency.lasting) scope.ownShuffle(dependency.id, dependency);
  }
  return context.written.reserve(writes);
}
