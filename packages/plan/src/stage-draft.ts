import type { FunctionRef } from "@millrace/operators";
import type { PlannedInput } from "./action-plan.ts";
import type { DraftState } from "./planned-state.ts";
import { type FnSlot, fnSlot } from "./template.ts";

/** A template under construction: functions are assigned slots and inputs are numbered as they are met. */
export class StageDraft {
  readonly functions: FunctionRef[] = [];
  /** For each input: the input of the task of a partition. */
  readonly inputs: ((partition: number) => PlannedInput)[] = [];
  readonly labels: string[] = [];
  /** The operator whose state the tasks update or read. */
  state: DraftState | undefined;

  slot(fn: FunctionRef): FnSlot {
    const known = this.functions.indexOf(fn);
    if (known >= 0) return fnSlot(known);
    return fnSlot(this.functions.push(fn) - 1);
  }

  input(of: (partition: number) => PlannedInput): number {
    return this.inputs.push(of) - 1;
  }

  label(text: string): void {
    if (!this.labels.includes(text)) this.labels.push(text);
  }
}
