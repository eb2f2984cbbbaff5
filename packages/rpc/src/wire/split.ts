import type { FromExecutor as FromExecutorInput } from "../gen/millrace/session/v1/FromExecutor.ts";
import type { ToExecutor as ToExecutorInput } from "../gen/millrace/session/v1/ToExecutor.ts";
import { wireBytesOf } from "./size.ts";

/** Splits a list into runs of about `bytesMax` each; a larger item is a run of its own. */
export function runsOf<T>(items: readonly T[], bytesMax: number): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = wireBytesOf(item);
    if (run.length > 0 && bytes + size > bytesMax) {
      runs.push(run);
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += size;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** Splits a launch of many tasks with inline input into several that each fit a group. */
export function splitToExecutor(message: ToExecutorInput, bytesMax: number): readonly ToExecutorInput[] {
  const tasks = message.launch?.tasks;
  if (tasks === undefined || tasks.length < 2) return [message];
  return runsOf(tasks, bytesMax).map((run) => ({ launch: { tasks: run } }));
}

/** Splits many statuses with inline results into several messages that each fit a group. */
export function splitFromExecutor(message: FromExecutorInput, bytesMax: number): readonly FromExecutorInput[] {
  const statuses = message.tasks?.statuses;
  if (statuses === undefined || statuses.length < 2) return [message];
  return runsOf(statuses, bytesMax).map((run) => ({ tasks: { statuses: run } }));
}
