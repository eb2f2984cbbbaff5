// node packages/scheduler/bench/task-scheduler.bench.ts, after a build: how long the scheduler thinks, alone.
import { epochMs, executorId } from "@millrace/base";
import { type JobPlan, type PlannedStage, type PlannedTask, shuffleId, stageRunId } from "@millrace/plan";
import { planId, stepTasks, type TaskEffect, type TaskScheduler, taskScheduler } from "@millrace/scheduler";

const none = new Uint8Array(0);
let plans = 0;
let runs = 0;

function stage(tasks: number, options: { reads?: number; writes?: number; partitions?: number }): PlannedStage {
  const { reads, writes, partitions = 0 } = options;
  const planned: PlannedTask[] = [];
  for (let partition = 0; partition < tasks; partition++) {
    planned.push({
      partition,
      template: 0,
      inputs:
        reads === undefined
          ? [{ kind: "inline", block: none }]
          : [{ kind: "shuffle", shuffle: shuffleId(reads), partition }],
    });
  }
  return {
    run: stageRunId(++runs),
    name: "bench",
    templates: [],
    captures: [],
    broadcasts: [],
    tasks: planned,
    reads: reads === undefined ? [] : [shuffleId(reads)],
    writes: writes === undefined ? undefined : { shuffle: shuffleId(writes), partitions },
  };
}

/** Runs a plan on executors that answer at once; returns the number of events. */
function runPlan(state: TaskScheduler, job: JobPlan, sizes: readonly number[]): number {
  const queue: TaskEffect[] = [...stepTasks(state, { type: "planSubmitted", plan: planId(++plans), job })];
  let events = 1;
  for (let at = 0; at < queue.length; at++) {
    const effect = queue[at];
    if (effect?.type !== "launch") continue;
    events++;
    const output =
      effect.stage.writes === undefined
        ? ({ kind: "result", result: { kind: "inline", block: none } } as const)
        : ({ kind: "mapOutput", bytes: sizes } as const);
    const { executor, task } = effect;
    for (const next of stepTasks(state, { type: "taskSucceeded", executor, task, output, accumulators: none })) {
      queue.push(next);
    }
  }
  return events;
}

function measure(
  name: string,
  times: number,
  make: (i: number) => { job: JobPlan; drop: readonly number[]; sizes: readonly number[] },
): void {
  const state = taskScheduler({ attemptsMax: 4 });
  for (const id of ["e1", "e2"]) {
    stepTasks(state, { type: "executorJoined", executor: executorId(id), slots: 2 });
    stepTasks(state, { type: "executorReady", executor: executorId(id) });
  }
  const micros: number[] = [];
  let events = 0;
  for (let i = 0; i < times; i++) {
    const { job, drop, sizes } = make(i);
    const start = performance.now();
    events = runPlan(state, job, sizes);
    stepTasks(state, { type: "dropShuffles", shuffles: drop.map(shuffleId) });
    micros.push((performance.now() - start) * 1_000);
  }
  micros.sort((a, b) => a - b);
  const median = micros[times >> 1] ?? 0;
  const p99 = micros[Math.floor(times * 0.99)] ?? 0;
  console.log(
    `${name}: median ${median.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs, ${(median / events).toFixed(2)} µs an event`,
  );
}

const batch = epochMs(1_000);
measure("2 stages, 4 tasks", 20_000, (i) => {
  const stages = [stage(2, { writes: i, partitions: 2 }), stage(2, { reads: i })];
  return { job: { batch, stages }, drop: [i], sizes: [10, 20] };
});
measure("1 stage, 10,000 tasks", 30, () => ({ job: { batch, stages: [stage(10_000, {})] }, drop: [], sizes: [] }));
measure("100 maps, 9,900 reducers", 5, (i) => {
  const stages = [stage(100, { writes: i, partitions: 9_900 }), stage(9_900, { reads: i })];
  return { job: { batch, stages }, drop: [i], sizes: new Array<number>(9_900).fill(10) };
});
