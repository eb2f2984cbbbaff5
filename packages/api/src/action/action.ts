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
  /** Names it in messages: `collect`. */
  readonly name: string;
  readonly target: Lineage;
  readonly sink: ActionSink;
  /** Only these partitions, ascending; all by default. */
  readonly partitions?: readonly number[];
  /** The job did not ask for it: what its tasks add to accumulators does not count. */
  readonly aside?: true;
}

/**
 * Runs one action on the cluster: finds out its sources, plans it, waits for what other actions write that it reads.
 *
 * @returns The result block of each partition asked for; none at all when no task was needed.
 */
export async function runAction(context: JobContext, action: Action): Promise<readonly Uint8Array[]> {
  return (await runInBatch(context, action)).partitions;
}

/** Runs an action that saves. @returns The file of each partition; none at all when no task was needed. */
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
    for (const state of planned.states) scope.coverState(state);
    return result;
  } finally {
    planned.release();
  }
}

const NO_TASK: ActionResult = { partitions: [], written: [], accumulators: [] };

/** Finds out what the plan of a target has to know: partitions of sources, and what deferred nodes are. */
export async function resolveSources(target: Lineage): Promise<void> {
  // What a deferred node turns out to be may have sources of its own.
  for (let open = unresolvedNodes(target); open.length > 0; open = unresolvedNodes(target)) {
    await Promise.all(open.map((node) => resolveOnce(node)));
  }
}

/** How many partitions a lineage has, once its sources have been looked at. */
export async function partitionsOf(context: JobContext, target: Lineage): Promise<number> {
  await resolveSources(target);
  return context.planner.layout().partitions(target);
}

/** Nodes of which something is being found out. */
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
  /** Lets other actions have the shuffles of this one: written, or to be written by them. */
  release(): void;
}

/** Two plans never write the same shuffle at the same time: the second waits, and reads what the first has written. */
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
    for (const placed of planned.ready) placed.catch(() => {}); // this plan is not run: the next one sees what failed
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
