import { assert } from "@millrace/base";
import { inputsComplete } from "./stages.ts";
import { checkOwners } from "./state-owners.ts";
import {
  attemptKey,
  DONE,
  IDLE,
  isComplete,
  PAUSED,
  QUEUED,
  RUNNING,
  type Slot,
  STAGE_RERUNS_MAX,
  type Stage,
  type TaskScheduler,
} from "./task-state.ts";

/** Throws if the state is unreachable for correct code. For tests and simulation. O(everything). */
export function checkTaskScheduler(state: TaskScheduler): void {
  checkSlots(state);
  for (const stage of state.stages.values()) {
    checkCounts(stage);
    checkOutputs(state, stage);
    checkActivity(state, stage);
  }
  for (const stage of state.active) {
    assert(state.stages.get(stage.planned.run) === stage, `stage ${stage.planned.run} is active but forgotten`);
  }
  checkPlans(state);
  checkOwners(state);
  checkWorkConserving(state);
  assert(state.failing.length === 0 && !state.sweepDue, "a step leaves nothing for later");
}

/** Each taken slot is held by exactly the attempt that claims it. */
function checkSlots(state: TaskScheduler): void {
  let abandoned = 0;
  for (const executor of state.executors.values()) {
    const free = executor.slots.filter((slot) => slot.stage === undefined).length;
    assert(executor.free === free, `${executor.id} counts ${executor.free} free slots of ${free}`);
    const alone = state.ready.every(({ leaving }) => leaving);
    const takes = executor.ready && (alone || !executor.leaving);
    assert(takes === state.ready.includes(executor), `${executor.id} is listed as what it is not`);
    assert(executor.ready || free === executor.slots.length, `${executor.id} runs tasks before it is ready`);
    for (const slot of executor.slots) abandoned += checkSlot(state, slot);
  }
  assert(abandoned === state.abandoned.size, "every abandoned attempt holds a slot of a live executor");
  assert(state.ready.length <= state.executors.size, "no ready executor is gone");
}

function checkSlot(state: TaskScheduler, slot: Slot): 0 | 1 {
  const { stage, task, attempt } = slot;
  if (stage === undefined) return 0;
  if (slot.abandoned) {
    const partition = stage.planned.tasks[task]?.partition ?? task;
    assert(state.abandoned.get(attemptKey(stage.planned.run, partition, attempt)) === slot, "abandoned, not listed");
    return 1;
  }
  assert(stage.status[task] === RUNNING && stage.slots[task] === slot, "a slot holds an attempt that does not run");
  assert(attempt === (stage.attempts[task] ?? 0) - 1, "only the newest attempt of a task runs");
  const ref = stage.planned.tasks[task]?.state;
  const owner = ref && state.operators.get(ref.operator)?.owners[ref.partition];
  assert(owner === undefined || owner === slot, `state of ${ref?.operator} is updated away from its owner`);
  return 0;
}

function checkCounts(stage: Stage): void {
  const count = [0, 0, 0, 0, 0];
  for (const status of stage.status) count[status] = (count[status] ?? 0) + 1;
  const name = `stage ${stage.planned.run}`;
  assert(
    stage.todo === (count[IDLE] ?? 0) + (count[QUEUED] ?? 0) + (count[PAUSED] ?? 0),
    `${name} miscounts what is to do`,
  );
  assert(stage.running === count[RUNNING], `${name} miscounts what runs`);
  assert(stage.active || stage.running === 0, `${name} runs tasks that no plan needs`);
  assert(stage.ready || count[QUEUED] === 0, `${name} queues tasks before its inputs are there`);
  assert(stage.active || count[PAUSED] === 0, `${name} pauses tasks that no plan needs`);
  assert(!stage.ready || count[IDLE] === 0, `${name} is ready but leaves tasks idle`);
  stage.status.forEach((status, i) => {
    assert((status === RUNNING) === (stage.slots[i] !== undefined), `${name}: exactly running tasks hold slots`);
  });
}

function checkOutputs(state: TaskScheduler, stage: Stage): void {
  const { outputs } = stage;
  if (outputs === undefined) return;
  let missing = 0;
  const sums = new Map<string, number>();
  outputs.maps.forEach((output, map) => {
    assert((output !== undefined) === (stage.status[map] === DONE), `map ${map}: exactly done tasks have output`);
    if (output === undefined) {
      missing++;
      return;
    }
    assert(state.executors.has(output.executor), `${output.executor} is gone but holds map ${map}`);
    sums.set(output.executor, (sums.get(output.executor) ?? 0) + output.bytes.reduce((a, b) => a + b, 0));
  });
  assert(outputs.missing === missing, `shuffle ${outputs.shuffle} miscounts its missing outputs`);
  assert(sums.size === outputs.bytesAt.size, `shuffle ${outputs.shuffle} lists holders that hold nothing`);
  for (const [executor, bytes] of outputs.bytesAt) {
    assert(sums.get(executor) === bytes.reduce((a, b) => a + b, 0), `shuffle ${outputs.shuffle} miscounts bytes`);
  }
}

function checkActivity(state: TaskScheduler, stage: Stage): void {
  const name = `stage ${stage.planned.run}`;
  assert(stage.active === state.active.includes(stage), `${name} is listed as what it is not`);
  assert(!stage.active || !isComplete(stage), `${name} is complete but active`);
  assert(stage.reruns <= STAGE_RERUNS_MAX, `${name} was rerun ${stage.reruns} times in a row`);
  if (!stage.active || stage.todo === 0) return;
  assert(stage.ready === inputsComplete(state, stage), `${name}: exactly with all inputs its tasks are queued`);
  for (const shuffle of stage.planned.reads) {
    const producer = state.shuffles.get(shuffle);
    assert(producer !== undefined, `${name} reads shuffle ${shuffle}, which is gone`);
    assert(producer.active || isComplete(producer), `${name} waits for shuffle ${shuffle}, which no stage computes`);
  }
}

function checkPlans(state: TaskScheduler): void {
  for (const plan of state.plans.values()) {
    assert(plan.result.active, `plan ${plan.id} is neither over nor worked on`);
  }
  assert(state.plans.size > 0 || state.active.length === 0, "without a plan nothing is worked on");
}

/** No slot is idle while a task could use it: only stateful tasks wait for their slot, and retries for another executor. */
function checkWorkConserving(state: TaskScheduler): void {
  if (!state.ready.some((executor) => executor.free > 0)) return;
  for (const stage of state.active) {
    stage.status.forEach((status, i) => {
      if (status !== QUEUED) return;
      const ref = stage.planned.tasks[i]?.state;
      const owner = ref && state.operators.get(ref.operator)?.owners[ref.partition];
      const where = ref === undefined ? state.ready.filter(({ id }) => id !== stage.failedOn[i]) : [];
      const waits =
        ref === undefined ? where.length > 0 && where.every((e) => e.free === 0) : owner?.stage !== undefined;
      assert(waits, `task ${i} of stage ${stage.planned.run} is queued though a slot for it is free`);
    });
  }
}
