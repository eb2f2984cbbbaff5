import { assert, type EpochMs, epochMs, type Millis, type WireError } from "@millrace/base";
import type { CommittedBatches, PreparedBatch } from "@millrace/plan";
import type { Commit, CommitSettings } from "./batch-commit.ts";
import type { BatchesEnd } from "./batch-events.ts";

interface ResumedBatch {
  readonly time: EpochMs;
  readonly prepared: PreparedBatch;
  readonly error: WireError | undefined;
}

export interface BatchSettings extends CommitSettings {
  readonly interval: Millis;
  /** `batches.allocated.max`: batches with allocated blocks ahead of the running one. At least 1. */
  readonly allocatedMax: number;
  /** `--batches N`: the job ends after N batches, including failed ones. */
  readonly batchesMax?: number;
  /** `batch.failure`. */
  readonly onFailure: "stop" | "continue";
  /** The job has polled inputs, such as directories: a graceful stop runs one more batch to poll them again. */
  readonly polls?: boolean;
  /**
   * `batches.missed`: ticks that an earlier run of the job has left to this one get a batch `each`, or `one` batch
   * together. `each` by default.
   */
  readonly missed?: "each" | "one";
  /** The slides of windows that have no result in every batch: see {@link gapTimes}. None by default. */
  readonly slides?: readonly Millis[];
  /** `--available-now`: batches follow each other until the inputs have given what they held at the start. */
  readonly availableNow?: boolean;
  /** The job has a batch log: prepared outputs and ends of batches are logged, each before what follows it, as their inputs are. */
  readonly logged?: boolean;
}

/**
 * The batches of one job, from clock tick to end.
 *
 *     tick ─▶ waiting ─▶ allocating ─▶ allocated ─▶ fixing ─▶ running ─outputsDone─▶ committing ─▶ ended (committed |
 *     failed)
 *               │                                               │  └─ an output failed, under "stop" ─▶ ended (failed)
 *               │                                               └─ stopNow ─▶ cancelled
 *               └ a time only: its input stays in the source
 *
 * | state      | held in                | bound                              |
 * |------------|------------------------|------------------------------------|
 * | waiting    | `gap`, then every multiple of the interval in [nextWaiting, last] | `slides` + 2, then two numbers, whatever the backlog |
 * | allocating | `allocating`           | 1                                  |
 * | allocated  | `allocated`, ascending | `allocatedMax`, with the allocating one |
 * | fixing     | `fixing`               | 1, and then none runs  |
 * | running    | `running`              | 1, and then none is fixing         |
 * | committing | `running`, `commit`    | the same one                       |
 * | ended      | counted only           |                                    |
 *
 * Nothing that a batch wrote counts before its commit: saved files stay hidden, sinks have committed nothing, and later batches build on the
 * state versions in `committed`. This machine never cuts off a commit in progress; `jobLife` bounds the wait for one.
 *
 * The job as a whole:
 *
 *     new ─started─▶ open ─stopRequested─▶ stopping ─receiversStopped─▶ draining ─all over─▶ stopped
 *                     │                       │                            ▲
 *                     └────────── `batchesMax` taken, nothing left under `availableNow` ──────┘
 *     any ─ a batch failed under "stop", stopNow ──────────────────────────────────────────▶ stopped
 *
 * Data that stopping receivers hand over gets a last batch at once. It has the next batch time and runs before that
 * time: batch times stay multiples of the interval, and none is used twice.
 */
export interface BatchGenerator {
  readonly settings: BatchSettings;
  mode: "new" | "open" | "stopping" | "draining" | "stopped";
  /** The first batch's time minus one interval; windows align with it. 0 before the start. */
  zeroTime: EpochMs;
  /** Waiting batches before `nextWaiting`: those that stand for the ticks missed between two runs of the job. */
  readonly gap: EpochMs[];
  /** The oldest waiting batch time after the gap; past `last` if there is none. */
  nextWaiting: EpochMs;
  /** The newest batch time taken from the clock. */
  last: EpochMs;
  allocating: EpochMs | undefined;
  readonly allocated: EpochMs[];
  /** The batch whose turn has come and whose polled inputs are being fixed. */
  fixing: EpochMs | undefined;
  running: EpochMs | undefined;
  /** The commit of the running batch, once its outputs are done. */
  commit: Commit | undefined;
  committed: CommittedBatches;
  /** The job was ended at once during a commit, and stops when that has finished. */
  cut: boolean;
  /** Receivers are told to stop once, when no further batch will be taken. */
  receivers: "running" | "stopping" | "stopped";
  /** `awaitReceivers` was sent. */
  awaiting: boolean;
  /** Batches taken from the clock. */
  taken: number;
  /** Under `availableNow`: the newest batch reads the rest of what the inputs held. */
  exhausted: boolean;
  /** Batches that were committed without a failure. */
  succeeded: number;
  failed: number;
  end: BatchesEnd | undefined;
  /** The first batch, if an earlier run of the job has prepared it: only its commit is left. */
  resumed: ResumedBatch | undefined;
}

export function batchGenerator(settings: BatchSettings): BatchGenerator {
  assert(
    settings.interval > 0 && settings.allocatedMax >= 1,
    "a batch interval above 0 and at least one allocated batch",
  );
  return {
    settings,
    mode: "new",
    zeroTime: epochMs(0),
    gap: [],
    nextWaiting: epochMs(0),
    last: epochMs(0),
    allocating: undefined,
    allocated: [],
    fixing: undefined,
    running: undefined,
    commit: undefined,
    committed: { last: epochMs(0), states: new Map() },
    cut: false,
    receivers: "running",
    awaiting: false,
    taken: 0,
    exhausted: false,
    succeeded: 0,
    failed: 0,
    end: undefined,
    resumed: undefined,
  };
}

/** Batches that are due and have not ended. O(1). */
export function batchesDue(state: BatchGenerator): number {
  return (
    countWaiting(state) +
    state.allocated.length +
    (state.allocating === undefined ? 0 : 1) +
    (batchAtTurn(state) === undefined ? 0 : 1)
  );
}

/** The batch whose turn it is: its input is being fixed, or it runs. */
export function batchAtTurn(state: BatchGenerator): EpochMs | undefined {
  return state.fixing ?? state.running;
}

/** Batches that are only a time so far. */
export function countWaiting(state: BatchGenerator): number {
  return state.gap.length + (state.last - state.nextWaiting) / state.settings.interval + 1;
}

/** No further batch is taken from the clock. */
export function takenAll(state: BatchGenerator): boolean {
  const { batchesMax } = state.settings;
  return state.exhausted || (batchesMax !== undefined && state.taken >= batchesMax);
}
