import { type EpochMs, type ExecutorId, unreachable } from "@millrace/base";
import type { TaskMetrics, TaskOutcome } from "@millrace/plan";

/** The work of one batch's tasks so far. */
export interface BatchFigures {
  /** Successful attempts. */
  readonly tasks: number;
  /** The sum of their running times. */
  readonly taskMs: number;
  /**
   * Records read where the batch's input enters: from sources, files or persisted data; counted once per
   * read.
   */
  readonly recordsRead: number;
  /** Bytes spilled for lack of memory, by its tasks except failed attempts, and by block stores while it ran. */
  readonly spilledBytes: number;
}

export const NO_FIGURES: BatchFigures = { tasks: 0, taskMs: 0, recordsRead: 0, spilledBytes: 0 };

/** The work of one executor for a job: since its process began, and as of its last heartbeat. */
export interface ExecutorFigures {
  readonly executor: ExecutorId;
  /** Attempts that succeeded. */
  readonly tasks: number;
  /** Failed attempts, including those that lost their input. */
  readonly failures: number;
  readonly taskMs: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** Memory of its process for this job, including its share of shared blocks. */
  readonly rssBytes: number;
  /** Blocks in memory. */
  readonly poolBytes: number;
  readonly blocks: number;
  /** Bytes spilled by its tasks and its block store. */
  readonly spilledBytes: number;
}

/** Figures in an executor process's heartbeats. */
export interface ProcessFigures {
  readonly rssBytes: number;
  readonly poolBytes: number;
  readonly blocks: number;
  /** Bytes spilled by its block store since its start. */
  readonly spilledBytes: number;
}

/** The stage of a reported task. */
export interface StageFigures {
  readonly batch: EpochMs;
  /** It reads no shuffle, so the batch's input enters here. */
  readonly first: boolean;
}

type Figures<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Sums up reports of tasks and executors: by batch, from its first plan until it is released, and by executor, until it
 * is lost. Reads no clock; bounded by the allocated batches and the executors of the job.
 */
export class JobFigures {
  readonly #batches = new Map<EpochMs, Figures<BatchFigures>>();
  readonly #executors = new Map<ExecutorId, { readonly figures: Figures<ExecutorFigures>; storeBytes: number }>();
  /** Bytes spilled by block stores while no batch ran. */
  #unchargedBytes = 0;

  /** A plan of the batch was submitted. */
  planSubmitted(batch: EpochMs): void {
    if (this.#batches.has(batch)) return;
    this.#batches.set(batch, { ...NO_FIGURES, spilledBytes: this.#unchargedBytes });
    this.#unchargedBytes = 0;
  }

  /** @param stage `undefined` for a late report of a stage that is no longer needed. */
  taskReported(executor: ExecutorId, stage: StageFigures | undefined, outcome: TaskOutcome): void {
    const { figures } = this.#of(executor);
    switch (outcome.kind) {
      case "mapOutput":
      case "result":
        this.#succeeded(figures, stage, outcome.metrics);
        return;
      case "failed":
      case "fetchFailed":
        figures.failures++;
        return;
      case "cancelled":
        return;
      default:
        return unreachable(outcome);
    }
  }

  #succeeded(figures: Figures<ExecutorFigures>, stage: StageFigures | undefined, metrics: TaskMetrics): void {
    figures.tasks++;
    figures.taskMs += metrics.runMs;
    figures.recordsIn += metrics.recordsIn;
    figures.recordsOut += metrics.recordsOut;
    figures.spilledBytes += metrics.spilledBytes;
    const batch = stage === undefined ? undefined : this.#batches.get(stage.batch);
    if (stage === undefined || batch === undefined) return; // a late report, for a finished batch
    batch.tasks++;
    batch.taskMs += metrics.runMs;
    if (stage.first) batch.recordsRead += metrics.recordsIn;
    batch.spilledBytes += metrics.spilledBytes;
  }

  /**
   * Spills of the block store (of received, shuffled and persisted blocks) since the last heartbeat are charged to the
   * running batch, whose blocks took the memory; between batches, to the next one.
   */
  heartbeat(executor: ExecutorId, { rssBytes, poolBytes, blocks, spilledBytes }: ProcessFigures): ExecutorFigures {
    const one = this.#of(executor);
    // Less than before: its process is a new one.
    const spilled = spilledBytes >= one.storeBytes ? spilledBytes - one.storeBytes : spilledBytes;
    one.storeBytes = spilledBytes;
    Object.assign(one.figures, { rssBytes, poolBytes, blocks });
    one.figures.spilledBytes += spilled;
    const newest = [...this.#batches.values()].at(-1);
    if (newest === undefined) this.#unchargedBytes += spilled;
    else newest.spilledBytes += spilled;
    return { ...one.figures };
  }

  /** Drops an executor that is gone. */
  lost(executor: ExecutorId): void {
    this.#executors.delete(executor);
  }

  /** Zeros for a batch without a plan, or one that was released. */
  of(batch: EpochMs): BatchFigures {
    return { ...(this.#batches.get(batch) ?? NO_FIGURES) };
  }

  /** The batch has ended, and its figures are no longer needed. */
  forget(batch: EpochMs): void {
    this.#batches.delete(batch);
  }

  #of(executor: ExecutorId): { readonly figures: Figures<ExecutorFigures>; storeBytes: number } {
    let one = this.#executors.get(executor);
    if (one === undefined) {
      const counts = { tasks: 0, failures: 0, taskMs: 0, recordsIn: 0, recordsOut: 0 };
      const memory = { rssBytes: 0, poolBytes: 0, blocks: 0, spilledBytes: 0 };
      one = { figures: { executor, ...counts, ...memory }, storeBytes: 0 };
      this.#executors.set(executor, one);
    }
    return one;
  }
}
