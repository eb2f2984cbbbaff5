import type { PlannedInput, ShuffleId } from "@millrace/plan";
import { outputDiffers } from "../warnings.ts";
import { forgetOutput } from "./map-outputs.ts";
import { abandon, refresh } from "./stages.ts";
import { describeTask, MAKE_REPEATABLE, notRepeatable } from "./task-errors.ts";
import type { TaskEffect } from "./task-events.ts";
import { DIFFERENCES_MAX, DONE, IDLE, RUNNING, type Stage, type TaskScheduler } from "./task-state.ts";

/**
 * Compares a map task's output with its earlier one, which was lost. If they differ, tasks that read the earlier records
 * would be inconsistent with later readers, so every task that has read them, or is about to, runs again. Their outputs
 * are compared in turn, and so on.
 *
 * Results of finished plans cannot be revoked: that is reported, and later readers see the new records.
 */
export function compareContent(state: TaskScheduler, stage: Stage, map: number, checksum: number | undefined): void {
  const { outputs } = stage;
  if (outputs === undefined) return;
  const before = outputs.checksums[map];
  outputs.checksums[map] = checksum;
  if (before === undefined || checksum === undefined || before === checksum) return;
  const undone = undoReaders(state, outputs.shuffle, map);
  if (undone.tasks === 0 && !outputs.given) return; // no task has read them
  const first = !outputs.differing;
  outputs.differing = true;
  if (first) outputs.differences++;
  if (outputs.differences > DIFFERENCES_MAX) {
    for (const reader of undone.stages) state.failing.push({ stage: reader, error: notRepeatable(stage, map) });
    return;
  }
  if (first) state.effects.push(warning(stage, map, undone.tasks));
  const written = new Set([...undone.stages].flatMap((reader) => reader.outputs?.shuffle ?? []));
  const reason = `${describeTask(stage, map)} gave other records than before`;
  for (const other of [...state.active]) {
    if (undone.stages.has(other) || other.planned.reads.some((shuffle) => written.has(shuffle))) {
      refresh(state, other, reason);
    }
  }
}

function warning(stage: Stage, map: number, undone: number): TaskEffect {
  const { differences = 0, given = false } = stage.outputs ?? {};
  const again =
    undone === 1 ? "1 task that had read the earlier ones runs" : `${undone} tasks that had read the earlier ones run`;
  const message =
    `${describeTask(stage, map)} was rerun because its output was lost and gave other records than before. ` +
    (undone > 0
      ? `${again} again, so that no record is lost or counted twice; rerun ${differences} of at most ${DIFFERENCES_MAX}. `
      : "") +
    (given ? "Results that were given out already contain the earlier records. " : "") +
    MAKE_REPEATABLE;
  return { type: "warning", ...outputDiffers(describeTask(stage, map), message) };
}

/** O(tasks of the stages that read the shuffle, and their map outputs). */
function undoReaders(
  state: TaskScheduler,
  shuffle: ShuffleId,
  map: number,
): { readonly stages: ReadonlySet<Stage>; readonly tasks: number } {
  const stages = new Set<Stage>();
  let tasks = 0;
  for (const reader of state.stages.values()) {
    if (!reader.planned.reads.includes(shuffle)) continue;
    for (let i = 0; i < reader.status.length; i++) {
      const reads = reader.planned.tasks[i]?.inputs.some((input) => isOf(input, shuffle, map));
      if (reads !== true || !undo(state, reader, i)) continue;
      stages.add(reader);
      tasks++;
    }
  }
  return { stages, tasks };
}

function isOf(input: PlannedInput, shuffle: ShuffleId, map: number): boolean {
  if (input.kind === "shuffle") return input.shuffle === shuffle;
  return input.kind === "mapOutput" && input.shuffle === shuffle && input.map === map;
}

/** Makes a task idle that is done or runs with its original inputs. */
function undo(state: TaskScheduler, stage: Stage, index: number): boolean {
  const slot = stage.slots[index];
  if (stage.status[index] === RUNNING && slot !== undefined) {
    abandon(state, stage, index, slot);
    return true;
  }
  if (stage.status[index] !== DONE) return false;
  if (stage.outputs !== undefined) {
    forgetOutput(stage, index);
  } else {
    stage.results[index] = undefined;
    stage.status[index] = IDLE;
    stage.todo++;
  }
  return true;
}
