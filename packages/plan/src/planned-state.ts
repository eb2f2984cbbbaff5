import type { PlannedState, ShuffleId } from "./action-plan.ts";
import type { StateNode } from "./lineage.ts";
import { formerHeads } from "./state-version.ts";

/** The stateful operator of a stage's tasks. */
export interface DraftState {
  readonly node: StateNode;
  /** The partition of the state that belongs to a task. */
  readonly partition: (task: number) => number;
  /** For tasks that only read it: the shuffle whose map tasks update it. */
  readonly after: ShuffleId | undefined;
}

/** @param partitions The number of partitions of the state in this batch. */
export function plannedState(
  { node, partition: of, after }: DraftState,
  task: number,
  partitions: number,
): PlannedState {
  const { operator, directory, partitioning, versions } = node;
  const { before, oldest, batch } = versions;
  const partition = of(task);
  const byHash = partitioning.kind === "hash";
  const moved = before !== undefined && before.partitions !== partitions;
  const former = moved ? formerHeads(before, { partition, partitions, byHash }) : undefined;
  return {
    ...{ operator, directory, partition, partitions, first: before === undefined, oldest, batch },
    head: moved ? undefined : before?.heads[partition],
    ...(former?.heads.some((head) => head !== undefined) ? { from: former } : {}),
    ...(after === undefined ? {} : { after: { shuffle: after, map: partition } }),
  };
}
