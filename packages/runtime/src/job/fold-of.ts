import type { AnyFunction } from "@millrace/operators";
import type { FnSlot } from "@millrace/plan";
import { blame } from "../compile/blame.ts";
import type { FoldSlots } from "../compile/stage-program.ts";
import type { TableFold } from "../table/spilling-table.ts";

/** The last value of a key. */
const LAST: TableFold = { create: (value) => value, merge: (_, value) => value };

/**
 * The fold of the loops that fill a table of combiners, for pairs that come back from disk; errors name the operator.
 */
export function foldOf(
  slots: FoldSlots | undefined,
  functionOf: <F extends AnyFunction>(slot: FnSlot) => F,
): TableFold {
  if (slots === undefined) return LAST;
  const { label } = slots;
  const merge = functionOf<TableFold["merge"]>(slots.merge);
  const create = slots.create === undefined ? LAST.create : functionOf<TableFold["create"]>(slots.create);
  return {
    create: (value) => blaming(label, () => create(value)),
    merge: (combiner, value) => blaming(label, () => merge(combiner, value)),
  };
}

function blaming<T>(label: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw blame(error, label);
  }
}
