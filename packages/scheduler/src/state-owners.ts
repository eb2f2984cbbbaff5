import { assert, type ExecutorId } from "@millrace/base";
import type { StateRef } from "@millrace/plan";
import type { Executor, OperatorState, Slot, TaskScheduler } from "./task-state.ts";

/**
 * The slot that owns a state partition; one without an owner gets the slot that owns fewest of the operator's, then fewest
 * of all, then the first. State stays where it is until its executor is lost. O(1), O(slots) for a new owner.
 *
 * @returns `undefined` when it has no owner and no executor is ready to be one.
 */
export function ownerOf(state: TaskScheduler, ref: StateRef): Slot | undefined {
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

/** The partitions that an executor owned have no owner any more. O(state partitions). */
export function disown(state: TaskScheduler, executor: Executor): void {
  for (const { owners } of state.operators.values()) {
    for (let p = 0; p < owners.length; p++) if (owners[p]?.executor === executor) owners[p] = undefined;
  }
}

/** Where each partition of an operator's state lives, for whoever wants to show it; `undefined`: nowhere yet. */
export function stateOwners(
  state: TaskScheduler,
  operator: string,
): readonly ({ readonly executor: ExecutorId; readonly slot: number } | undefined)[] {
  const owners = state.operators.get(operator)?.owners ?? [];
  return owners.map((slot) => slot && { executor: slot.executor.id, slot: slot.index });
}

function leastLoaded(state: TaskScheduler, operator: OperatorState): Slot | undefined {
  const ofOperator = new Map<Slot, number>();
  for (const slot of operator.owners) if (slot !== undefined) ofOperator.set(slot, (ofOperator.get(slot) ?? 0) + 1);
  let best: Slot | undefined;
  let bestHere = 0;
  // Slot 0 of every executor, then slot 1 of every executor: an operator of few partitions spreads over machines first.
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
