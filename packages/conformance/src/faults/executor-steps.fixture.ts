import type { Fault } from "./fault.ts";
import type { LocalRun } from "./local-run.fixture.ts";

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

/** A socket cannot send again what was lost on its way: this is sent to a receiver that is there, and in a batch when it returns. */
export async function sendLines({ socket, world }: LocalRun, job: Parameters<typeof world.counted>[0]): Promise<void> {
  if (socket === undefined) return;
  await socket.occupied();
  socket.send(world.take(4));
  await world.counted(job, job.mark);
}
