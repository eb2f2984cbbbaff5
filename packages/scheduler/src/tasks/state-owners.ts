import { assert } from "@millrace/base";
import type { PlannedState } from "@millrace/plan";
import type { Executor, OperatorState, Slot, TaskScheduler } from "./task-state.ts";

/**
 * The slot that owns a state partition. A partition without an owner goes to the slot with the fewest partitions of the
 * operator, then the fewest of all, then the first. It stays there until its executor is lost, or until `rebalance` moves
 * it to an executor that joined, between two batches. O(1); O(slots) for a new owner.
 *
 * @returns `undefined` if it has no owner and no executor is ready to become one.
 */
export function ownerOf(state: TaskScheduler, ref: PlannedState): Slot | undefined {
  let operator = state.operators.get(ref.operator);
  if (operator === undefined || operator.owners.length !== ref.partitions) {
    if (operator !== undefined) for (const slot of operator.owners) if (slot !== undefined) slot.owned--;
    operator = { operator: ref.operator, owners: new Array<Slot | undefined>(ref.partitions).fill(undefined) };
    state.operators.set(ref.operator, operator);
  }
  const owner = operator.owners[ref.partition];
  if (owner !== undefined) return owner;
  const chosen = leastLoaded(state, operator);
  if (chosen === undefined) return undefined;
  operator.owners[ref.partition] = chosen;
  chosen.owned++;
  return chosen;
}

/** Partitions owned by an executor become unowned, except those that a task of it is updating. O(state partitions). */
export function disown(state: TaskScheduler, executor: Executor): void {
  const busy = busyPartitions([executor]);
  for (const { operator, owners } of state.operators.values()) {
    for (let p = 0; p < owners.length; p++) {
      const slot = owners[p];
      if (slot?.executor !== executor || busy.has(`${operator}/${p}`)) continue;
      owners[p] = undefined;
      slot.owned--;
    }
  }
}

/** The state partitions that a task on these executors is updating. */
function busyPartitions(executors: readonly Executor[]): ReadonlySet<string> {
  const busy = new Set<string>();
  for (const executor of executors) {
    for (const { stage, task } of executor.slots) {
      const ref = stage?.planned.tasks[task]?.state;
      if (ref !== undefined) busy.add(`${ref.operator}/${ref.partition}`);
    }
  }
  return busy;
}

/**
 * Moves partitions of each operator from the slots that own most of them to those that own fewest, until they differ by
 * at most one. Partitions with a running task stay. O(state partitions + moves × slots).
 *
 * @returns The number of moves.
 */
export function rebalance(state: TaskScheduler): number {
  const busy = busyPartitions(state.ready);
  let moved = 0;
  for (const operator of state.operators.values()) moved += rebalanceOperator(state, operator, busy);
  return moved;
}

/** The partitions of one operator owned by a slot. */
interface Share {
  readonly slot: Slot;
  owned: number;
  /** The partitions that may move. */
  readonly movable: number[];
}

function rebalanceOperator(state: TaskScheduler, operator: OperatorState, busy: ReadonlySet<string>): number {
  const shares = new Map<Slot, Share>();
  for (const { slots } of state.ready) for (const slot of slots) shares.set(slot, { slot, owned: 0, movable: [] });
  operator.owners.forEach((slot, partition) => {
    const share = slot && shares.get(slot);
    if (share === undefined) return;
    share.owned++;
    if (!busy.has(`${operator.operator}/${partition}`)) share.movable.push(partition);
  });
  let moved = 0;
  for (;;) {
    let least: Share | undefined;
    let most: Share | undefined;
    for (const share of shares.values()) {
      if (least === undefined || share.owned < least.owned) least = share;
      if (share.movable.length > 0 && (most === undefined || share.owned > most.owned)) most = share;
    }
    if (least === undefined || most === undefined || most.owned - least.owned < 2) return moved;
    const partition = most.movable.pop();
    if (partition === undefined) return moved;
    operator.owners[partition] = least.slot;
    most.owned--;
    most.slot.owned--;
    least.owned++;
    least.slot.owned++;
    moved++;
  }
}

function leastLoaded(state: TaskScheduler, operator: OperatorState): Slot | undefined {
  const ofOperator = new Map<Slot, number>();
  for (const slot of operator.owners) if (slot !== undefined) ofOperator.set(slot, (ofOperator.get(slot) ?? 0) + 1);
  let best: Slot | undefined;
  let bestHere = 0;
  // Slot 0 of every executor, then slot 1 of every executor: an operator with few partitions is spread over machines
  // first.
  for (let index = 0, more = true; more; index++) {
    more = false;
    for (const executor of state.ready) {
      const slot = executor.slots[index];
      if (slot === undefined) continue;
      more = true;
      const here = ofOperator.get(slot) ?? 0;
      if (best === undefined || here < bestHere || (here === bestHere && slot.owned < best.owned)) {
        best = slot;
        bestHere = here;
      }
    }
  }
  return best;
}

/** Throws unless every owner is a slot of a known executor and the counts agree. */
export function checkOwners(state: TaskScheduler): void {
  const owned = new Map<Slot, number>();
  for (const { operator, owners } of state.operators.values()) {
    for (const slot of owners) {
      if (slot === undefined) continue;
      assert(state.executors.get(slot.executor.id) === slot.executor, `${operator} lives on ${slot.executor.id}, gone`);
      owned.set(slot, (owned.get(slot) ?? 0) + 1);
    }
  }
  for (const executor of state.executors.values()) {
    for (const slot of executor.slots) {
      assert(slot.owned === (owned.get(slot) ?? 0), `slot ${slot.index} of ${executor.id} miscounts its state`);
    }
  }
}
