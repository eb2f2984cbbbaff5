import type { ActionResult } from "@millrace/api/engine";
import {
  type Clock,
  EngineError,
  type EpochMs,
  type ErrorFactory,
  type ExecutorId,
  epochMs,
  errorKind,
  heapFor,
  type JobConf,
  millis,
  sizeSetting,
  systemRng,
  unreachable,
  type WarningSink,
} from "@millrace/base";
import type { ActionPlan, BlockId, PlannedStage, ShuffleId, StageRunId, TaskResult, WrittenFile } from "@millrace/plan";
import type { FromExecutor } from "@millrace/rpc";
import {
  type BatchFigures,
  type ExecutorFigures,
  type HeldResult,
  JobFigures,
  type PlanId,
  type ProcessFigures,
  planId,
  type StageFigures,
  stepTasks,
  type TaskEffect,
  type TaskEvent,
  taskScheduler,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import type { Executors } from "./executors.ts";

/** The limit on reruns of a plan whose result was lost on the way to the driver. */
const RESULT_LOSSES_MAX = 4;

const resultTooLarge: ErrorFactory = errorKind("RESULT_TOO_LARGE", "user");

/** The receiving end of tasks: the sessions of the job's executors, or an executor within this thread. */
export type TaskOutlet = Pick<Executors, "launch" | "send" | "stageDone" | "tidy">;

export interface TaskShellPorts extends WarningSink {
  readonly clock: Clock;
  readonly executors: TaskOutlet;
  /** The work of an executor for the job, as of its heartbeat; `undefined`: it is gone. */
  onFigures(executor: ExecutorId, figures: ExecutorFigures | undefined): void;
  /** Fetches a result block from the executor that holds it. */
  fetch(holder: ExecutorId, block: BlockId): Promise<Uint8Array>;
}

type PlanDone = Extract<TaskEffect, { readonly type: "planDone" }>;

interface Waiting {
  readonly action: ActionPlan;
  /** Runs of this plan whose result was lost with the executor that held it. */
  readonly lost: number;
  readonly resolve: (result: ActionResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Carries out the task scheduler's decisions and reports the outcomes to it. It decides one thing itself: a plan whose
 * result is lost between `planDone` and its fetch, when the scheduler has forgotten it, is submitted again.
 */
export class TaskShell {
  readonly #machine: Dispatcher<TaskEvent, TaskEffect>;
  readonly #ports: TaskShellPorts;
  readonly #resultBytesMax: number;
  readonly #waiting = new Map<PlanId, Waiting>();
  /** A stage that runs again for a later plan keeps the batch for which it was planned. */
  readonly #batchOf = new WeakMap<PlannedStage, EpochMs>();
  /** For reports, which name only the run; kept until no attempt of it runs. */
  readonly #stageOfRun = new Map<StageRunId, StageFigures>();
  readonly #figures = new JobFigures();
  #nextPlan = 0;
  /** The batch that was cut off. */
  #cancelled: { readonly batch: number; readonly reason: string } | undefined;

  /** @param options `epoch`: that of this run of the job in its batch log; 0 without one. */
  constructor({ conf, epoch }: { readonly conf: JobConf; readonly epoch: number }, ports: TaskShellPorts) {
    const state = taskScheduler({
      epoch,
      attemptsMax: conf["task.attempts.max"],
      retryDelay: { min: millis(conf["task.retry.delay.min"]), max: conf["task.retry.delay.max"] },
      rng: systemRng(),
    });
    this.#machine = new Dispatcher(
      (event) => stepTasks(state, event),
      (effect) => this.#perform(effect),
    );
    this.#resultBytesMax = conf["driver.result.bytes.max"];
    this.#ports = ports;
  }

  /** Runs an action's plan to its end. Rejects with the user's error if a task failed for good. */
  run(action: ActionPlan): Promise<ActionResult> {
    return new Promise((resolve, reject) => this.#submit({ action, lost: 0, resolve, reject }));
  }

  #submit(waiting: Waiting): void {
    const { action } = waiting;
    const plan = planId(this.#nextPlan++);
    for (const stage of action.stages) this.#batchOf.set(stage, action.batch);
    this.#figures.planSubmitted(action.batch);
    this.#waiting.set(plan, waiting);
    this.dispatch({ type: "planSubmitted", plan, action });
    if (action.batch !== this.#cancelled?.batch) return;
    this.dispatch({ type: "cancelPlan", plan, reason: this.#cancelled.reason });
  }

  /** Cancels the plans of a batch, including later ones that it still submits, or all plans. */
  cancel(reason: string, batch?: number): void {
    this.#cancelled = batch === undefined ? undefined : { batch, reason };
    for (const [plan, waiting] of this.#waiting) {
      if (batch === undefined || waiting.action.batch === batch) this.dispatch({ type: "cancelPlan", plan, reason });
    }
  }

  dropShuffles(shuffles: readonly ShuffleId[]): void {
    if (shuffles.length > 0) this.dispatch({ type: "dropShuffles", shuffles });
  }

  /** Other messages are ignored. */
  onMessage(executor: ExecutorId, message: FromExecutor): void {
    if (message.type === "tasks") this.onStatuses(executor, message);
    else if (message.type === "heartbeat") this.#onHeartbeat(executor, message);
  }

  onStatuses(executor: ExecutorId, message: Extract<FromExecutor, { readonly type: "tasks" }>): void {
    for (const status of message.statuses) {
      this.#figures.taskReported(executor, this.#stageOfRun.get(status.task.run), status.outcome);
      this.dispatch({ type: "taskReported", executor, ...status });
    }
  }

  #onHeartbeat(executor: ExecutorId, figures: ProcessFigures): void {
    this.#ports.onFigures(executor, this.#figures.heartbeat(executor, figures));
  }

  /** The work of a batch so far. */
  figures(batch: EpochMs): BatchFigures {
    return this.#figures.of(batch);
  }

  /** The batch's figures are no longer needed, and its state may move. */
  batchEnded(batch: EpochMs): void {
    this.#figures.forget(batch);
    if (batch === this.#cancelled?.batch) this.#cancelled = undefined;
    this.dispatch({ type: "batchEnded" });
  }

  dispatch(event: TaskEvent): void {
    if (event.type === "executorLost") {
      this.#figures.lost(event.executor);
      this.#ports.onFigures(event.executor, undefined);
    }
    this.#machine.dispatch(event);
  }

  #perform(effect: TaskEffect): void {
    const { executors } = this.#ports;
    switch (effect.type) {
      case "launch": {
        const batch = this.#batchOf.get(effect.stage) ?? epochMs(0);
        if (!this.#stageOfRun.has(effect.task.run))
          this.#stageOfRun.set(effect.task.run, { batch, first: effect.stage.reads.length === 0 });
        return executors.launch(effect.executor, effect.stage, batch, effect.task);
      }
      case "retryAfter":
        this.#ports.clock.after(effect.delay, () => this.dispatch({ type: "retryDue", task: effect.task }));
        return;
      case "cancel":
        return executors.send(effect.executor, { type: "cancel", task: effect.task });
      case "stageDone":
        this.#stageOfRun.delete(effect.run);
        return executors.stageDone(effect.run);
      case "planDone":
        return void this.#finish(effect);
      case "planFailed":
        return this.#take(effect.plan)?.reject(effect.error);
      case "dropShuffles":
        return executors.tidy(effect.executor, { type: "dropShuffles", shuffles: effect.shuffles });
      case "warning":
        return this.#ports.warn(effect);
      case "warningOver":
        return this.#ports.warningOver(effect);
      default:
        return unreachable(effect);
    }
  }

  #take(plan: PlanId): Waiting | undefined {
    const waiting = this.#waiting.get(plan);
    this.#waiting.delete(plan);
    return waiting;
  }

  async #finish({ plan, results, accumulators, states }: PlanDone): Promise<void> {
    const waiting = this.#take(plan);
    if (waiting === undefined) return;
    try {
      this.#checkSize(results);
      const written = writtenFiles(results);
      const partitions = written.length > 0 ? [] : (inlineBlocks(results) ?? (await this.#gather(results)));
      waiting.resolve({ partitions, written, accumulators, states });
    } catch (error) {
      if (waiting.lost >= RESULT_LOSSES_MAX || isCode(error, resultTooLarge.code)) return waiting.reject(error);
      // The executor that held a result was lost after announcing it; a rerun of the plan yields the same.
      const { resolve } = waiting;
      this.#submit({
        ...waiting,
        lost: waiting.lost + 1,
        resolve: (again) => resolve({ ...again, accumulators }), // updates count once
      });
    }
  }

  #checkSize(results: readonly HeldResult[]): void {
    let bytes = 0;
    for (const { result } of results) bytes += sizeOf(result);
    if (bytes > this.#resultBytesMax) throw tooLarge(bytes, this.#resultBytesMax);
  }

  /** One after the other per holder, so that at most one partition per executor is being fetched. */
  async #gather(results: readonly HeldResult[]): Promise<Uint8Array[]> {
    const partitions: Uint8Array[] = new Array(results.length);
    const byHolder = new Map<ExecutorId, number[]>();
    for (const [index, { executor }] of results.entries()) {
      const indices = byHolder.get(executor);
      if (indices === undefined) byHolder.set(executor, [index]);
      else indices.push(index);
    }
    await Promise.all([...byHolder].map(([holder, indices]) => this.#gatherFrom(holder, indices, results, partitions)));
    return partitions;
  }

  async #gatherFrom(
    holder: ExecutorId,
    indices: readonly number[],
    results: readonly HeldResult[],
    into: Uint8Array[],
  ): Promise<void> {
    for (const index of indices) {
      const result = results[index]?.result;
      if (result?.kind === "inline") {
        into[index] = result.block;
      } else if (result?.kind === "block") {
        into[index] = await this.#ports.fetch(holder, result.id);
        this.#ports.executors.tidy(holder, { type: "dropBlocks", blocks: [result.id] });
      }
    }
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof EngineError && error.code === code;
}

/** Bytes of a result that the driver receives. */
function sizeOf(result: TaskResult): number {
  if (result.kind === "written") return 0;
  return result.kind === "inline" ? result.block.byteLength : result.bytes;
}

/** The files written by the tasks of a saving action; none for any other action. */
function writtenFiles(results: readonly HeldResult[]): readonly WrittenFile[] {
  return results.flatMap(({ result }) => (result.kind === "written" ? result.file : []));
}

function inlineBlocks(results: readonly HeldResult[]): Uint8Array[] | undefined {
  const blocks: Uint8Array[] = [];
  for (const { result } of results) {
    if (result.kind !== "inline") return undefined;
    blocks.push(result.block);
  }
  return blocks;
}

function tooLarge(bytes: number, max: number): EngineError {
  return resultTooLarge(
    `an action's result has ${bytes} bytes, more than driver.result.bytes.max = ${max}. It was not fetched. ` +
      "Aggregate on the executors, use take(n) or foreachPartition, or raise the limit to " +
      `${sizeSetting(bytes)} and driver.heap to ${sizeSetting(heapFor(bytes))}.`,
    { fields: { bytes, max } },
  );
}
