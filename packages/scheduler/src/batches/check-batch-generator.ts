import { assert } from "@millrace/base";
import { type BatchGenerator, batchAtTurn, batchesDue, countWaiting } from "./batch-state.ts";

/** Throws if the state is unreachable for correct code. For tests and simulation. */
export function checkBatchGenerator(state: BatchGenerator): void {
  const { interval, batchesMax } = state.settings;
  assert(state.fixing === undefined || state.running === undefined, "input is fixed when no batch runs");
  const inOrder = [batchAtTurn(state), ...state.allocated, state.allocating].filter((time) => time !== undefined);
  assert(
    inOrder.every((time, i) => i === 0 || time > (inOrder[i - 1] ?? time)),
    `batches out of order: ${inOrder.join(" ")}`,
  );
  assert(countWaiting(state) >= 0 && Number.isInteger(countWaiting(state)), "waiting times are whole intervals");
  assert(state.mode === "new" || (state.last - state.zeroTime) % interval === 0, "batch times are multiples");
  assert(
    batchesMax === undefined || state.taken <= Math.max(batchesMax, 0),
    "no more batches are taken than asked for",
  );
  assert((state.mode === "stopped") === (state.end !== undefined), "exactly a stopped job has an end");
  assert(state.commit === undefined || state.commit.time === state.running, "only the batch that runs is committed");
  assert(!state.cut || state.commit !== undefined, "a stop waits for a commit alone");
  const over = state.succeeded + state.failed;
  assert(
    state.mode === "stopped" || state.taken === over + batchesDue(state),
    `${state.taken} batches taken, ${over} over, ${batchesDue(state)} waiting: one was lost or made up`,
  );
}
