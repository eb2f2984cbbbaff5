import { assert, type EpochMs } from "@millrace/base";
import type { ClassTable } from "@millrace/codec";
import type { AnyFunction } from "@millrace/operators";
import type { FnSlot } from "@millrace/plan";
import type { SlotPorts } from "../ports.ts";
import type { StateStore } from "../state/state-store.ts";
import type { TableBudget } from "../table/table-budget.ts";
import type { SlotTask } from "../task.ts";
import type { TaskControl } from "./task-control.ts";

/** The surroundings of one attempt of a task. */
export interface TaskEnvironment {
  readonly ports: SlotPorts;
  readonly classes: ClassTable;
  readonly states: StateStore;
  readonly functions: readonly AnyFunction[];
  readonly control: TaskControl;
  readonly task: SlotTask;
  /** The batch's time. */
  readonly batch: EpochMs;
  /** For a sink that takes the first records, their number. */
  readonly limit: number | undefined;
  /** Memory that each of the task's tables may take. */
  readonly budget: TableBudget;
}

/**
 * A function of the stage.
 *
 * @typeParam F Its signature, which the planner gives a function in this place of a template.
 */
export function functionIn<F extends AnyFunction>({ functions }: TaskEnvironment, slot: FnSlot): F {
  const fn = functions[slot];
  assert(fn !== undefined, `a stage has no function ${slot}`);
  return fn as AnyFunction as F; // see above
}
