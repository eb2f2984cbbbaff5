import { type ExecutorId, unreachable, type Warning } from "@millrace/base";
import type { BatchSummary, DrainSummary, JobSummary, WaitsReport } from "@millrace/rpc";
import { type ExecutorFigures, WarningLog } from "@millrace/scheduler";
import type { JobDriverEvent } from "../job/events.ts";
import type { JobCounts } from "./job-record.ts";

const BATCHES_MAX = 1_000;

/** What operators see of a job, as its driver processes report it. */
export class JobView {
  name: string;
  intervalMs: number | undefined;
  /** As of the last report. */
  executors = 0;
  log: JobSummary["log"];
  restarts = 0;
  #completed = 0;
  #failed = 0;
  #waiting = 0;
  #spilledBytes = 0;
  #draining: DrainSummary | undefined;
  /** By executor that leaves: what the job needs it for. */
  #leaving: ReadonlyMap<ExecutorId, readonly string[]> = new Map();
  readonly #warnings = new WarningLog();
  readonly #batches = new Map<number, BatchSummary>();
  /** By executor of the job. */
  readonly #figures = new Map<ExecutorId, ExecutorFigures>();

  constructor(name: string) {
    this.name = name;
  }

  onEvent(event: JobDriverEvent): void {
    switch (event.type) {
      case "built":
        this.name = event.name;
        this.intervalMs = event.batchIntervalMs;
        this.log = event.log;
        return;
      case "running":
      case "executors":
        this.executors = event.executors;
        return;
      case "batch":
        return this.#onBatch(event.batch);
      case "waiting":
        this.#waiting = event.batches;
        return;
      case "draining":
        this.#draining = event.draining;
        return;
      case "leaving":
        this.#leaving = event.executors;
        return;
      case "figures":
        if (event.figures === undefined) this.#figures.delete(event.executor);
        else this.#figures.set(event.executor, event.figures);
        return;
      case "warning":
        this.#warnings.raise(event.warning, event.at);
        return;
      case "warningOver":
        this.#warnings.end(event.over);
        return;
      case "ended":
        return;
      default:
        return unreachable(event);
    }
  }

  warn(...raised: Parameters<WarningLog["raise"]>): Warning {
    return this.#warnings.raise(...raised);
  }

  /** Its driver process died: the next one reports anew. */
  onDied(): void {
    this.restarts += 1;
    this.#warnings.endConditions();
    this.#nothingRuns("waiting");
  }

  /** Its process may have exited without a report. */
  onEnded(): void {
    this.#nothingRuns("cancelled");
  }

  #nothingRuns(state: "waiting" | "cancelled"): void {
    this.executors = 0;
    this.#waiting = 0;
    this.#draining = undefined;
    this.#leaving = new Map();
    this.#figures.clear();
    for (const [time, batch] of this.#batches)
      if (batch.state === "running") this.#batches.set(time, { ...batch, state });
  }

  summary(): Omit<JobSummary, "id" | "state" | "submittedAt" | "endedAt" | "error" | "driverPid"> {
    return {
      name: this.name,
      batchIntervalMs: this.intervalMs,
      batchesCompleted: this.#completed,
      batchesFailed: this.#failed,
      batchesWaiting: this.#waiting,
      spilledBytes: this.#spilledBytes,
      executors: this.executors,
      restarts: this.restarts,
      log: this.log,
      warnings: this.#warnings.list(),
      executorFigures: [...this.#figures.values()],
      draining: this.#draining,
    };
  }

  get counts(): JobCounts {
    return {
      completed: this.#completed,
      failed: this.#failed,
      spilledBytes: this.#spilledBytes,
      restarts: this.restarts,
    };
  }

  /** Counts on from those of an earlier supervisor. */
  restore({ completed, failed, spilledBytes, restarts }: JobCounts): void {
    this.#completed = completed;
    this.#failed = failed;
    this.#spilledBytes = spilledBytes;
    this.restarts = restarts;
  }

  /** What its end waits for. */
  get waits(): WaitsReport {
    return { waitsFor: this.#draining?.waitsFor ?? [], by: this.#draining?.by };
  }

  /** What the job needs a leaving executor for. */
  waitsOf(executor: ExecutorId): readonly string[] {
    return this.#leaving.get(executor) ?? [];
  }

  /** An executor's figures for it; `undefined` if unknown. */
  figuresOf(executor: ExecutorId): ExecutorFigures | undefined {
    return this.#figures.get(executor);
  }

  batches(): readonly BatchSummary[] {
    return [...this.#batches.values()];
  }

  #onBatch(batch: BatchSummary): void {
    this.#batches.set(batch.time, batch);
    if (batch.state === "completed") this.#completed += 1;
    if (batch.state === "failed") this.#failed += 1;
    if (batch.state === "completed" || batch.state === "failed") this.#spilledBytes += batch.spilledBytes;
    if (this.#batches.size <= BATCHES_MAX) return;
    const oldest = this.#batches.keys().next();
    if (oldest.done !== true) this.#batches.delete(oldest.value);
  }
}
