import type { FromExecutor as FromExecutorInput } from "../gen/millrace/session/v1/FromExecutor.ts";
import type { ToExecutor as ToExecutorInput } from "../gen/millrace/session/v1/ToExecutor.ts";
import { wireBytesOf } from "./size.ts";

/** Cuts a list into runs of about `bytesMax` each; an item that is larger is a run of its own. */
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

/** A launch of many tasks with inline input, as several launches that each fit a group. */
export function splitToExecutor(message: ToExecutorInput, bytesMax: number): readonly ToExecutorInput[] {
  const tasks = message.launch?.tasks;
  if (tasks === undefined || tasks.length < 2) return [message];
  return runsOf(tasks, bytesMax).map((run) => ({ launch: { tasks: run } }));
}

/** Many statuses with inline results, as several messages that each fit a group. */
export function splitFromExecutor(message: FromExecutorInput, bytesMax: number): readonly FromExecutorInput[] {
  const statuses = message.tasks?.statuses;
  if (statuses === undefined || statuses.length < 2) return [message];
  return runsOf(statuses, bytesMax).map((run) => ({ tasks: { statuses: run } }));
}
