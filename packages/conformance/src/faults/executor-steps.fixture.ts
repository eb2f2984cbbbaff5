import type { Fault } from "./fault.ts";

/** The n-th time since the fault was armed: a step that each output or partition takes is not always the first one's. */
export type At = readonly [step: Fault["step"], when: Fault["when"], nth: number];

/** Steps of executors for a batch. */
export const TASK_STEPS: readonly At[] = [
  ["task", "before", 3],
  ["task", "after", 5],
  ["staging", "before", 2],
  ["staging", "after", 1],
];
export const STATE_STEPS: readonly At[] = [
  ["delta", "before", 1],
  ["delta", "after", 2],
  ["snapshot", "before", 2],
  ["snapshot", "after", 1],
];
/** Steps of the executor that has the receiver of a reliable source, with `receiver.log`. */
export const RECEIVER_STEPS: readonly At[] = [
  ["received", "before", 1],
  ["received", "after", 1],
  ["acknowledge", "before", 1],
  ["acknowledge", "after", 1],
];
