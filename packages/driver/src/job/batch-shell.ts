import type { EngineEvent } from "@millrace/api/engine";
import {
  type Clock,
  type EpochMs,
  type JobConf,
  type Millis,
  millis,
  systemRng,
  type Timer,
  toWireError,
  unreachable,
  type WarningSink,
  type WireError,
  warningOf,
} from "@millrace/base";
import type { CommittedBatches, PreparedBatch, PreparedOutput, ReceiverPlan } from "@millrace/plan";
import type { BatchSummary } from "@millrace/rpc";
import {
  type BatchClock,
  type BatchEffect,
  type BatchEvent,
  type BatchesEnd,
  type BatchFigures,
  type BatchGenerator,
  batchAtTurn,
  batchClock,
  batchesDue,
  batchGenerator,
  batchTime,
  batchWaits,
  JOB_BEHIND,
  jobBehind,
  type LoggedEnd,
  lookAtClock,
  nextLook,
  type Pace,
  type PaceEvent,
  pace,
  type RefusedOutput,
  type ResumedBatches,
  stepBatches,
  stepPace,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import { batchFailure, type WireBatchOutcome, withRefused } from "./batch-failure.ts";
import { stepWarning } from "./clock-step.ts";

/** Whatever is asked for after an entry is done after it survives this process, or not at all. The input of a batch is logged by `runBatch`. */
export interface BatchLogPorts {
  /** Answered by `onLogged`. */
  prepared(time: EpochMs, prepared: PreparedBatch, error: WireError | undefined): void;
  ended(ended: LoggedEnd): void;
}

export interface BatchShellPorts extends WarningSink {
  /** What a stop, or an executor that leaves, waits for may have changed. */
  changed(): void;
  /** Without it, batches are not logged. */
  readonly log?: BatchLogPorts | undefined;
  /** Batches follow. Windows align with `zeroTime`, one interval before the first of them. */
  begin(zeroTime: EpochMs): void;
  /** Allocates the blocks received so far to the batch; answered by `onAllocated`. */
  allocate(time: EpochMs): void;
  /** Fixes the batch's other inputs; answered by `onInputFixed`. */
  fixInput(time: EpochMs): void;
  /**
   * Runs the outputs of the batch in the job's thread, on the remaining input and on `committed`; answered by
   * `onOutputsDone`.
   */
  runBatch(time: EpochMs): void;
  cancelBatch(time: EpochMs): void;
  /** Commits what outputs have prepared; answered by `onCommitted`. */
  commit(time: EpochMs, outputs: readonly PreparedOutput[]): void;
  /** Discards what outputs have prepared. */
  discard(time: EpochMs, outputs: readonly PreparedOutput[]): void;
  /** The batch is committed or has failed with `error`: data of it that no later batch reads may be released. */
  batchEnded(time: EpochMs, error: WireError | undefined): void;
  stopReceivers(): void;
  /** Every batch has ended, but receivers are still running. */
  awaitReceivers(): void;
  /** By stream: the records of the batch's blocks, as of its start once it runs. */
  records(time: EpochMs): ReadonlyMap<number, number>;
  /** The work of the batch's tasks so far. */
  figures(time: EpochMs): BatchFigures;
  report(batch: BatchSummary): void;
  /** The number of batches that wait for the running one; called when it changes. */
  waiting(batches: number): void;
  /** For the job's listeners. */
  observe(event: EngineEvent): void;
  /** The end: nothing follows. */
  batchesEnded(end: BatchesEnd): void;
}

type BatchEventType = Exclude<EngineEvent["type"], "receiver">;

/** A batch that has its blocks and has not ended. */
interface OpenBatch {
  startedMs: number | undefined;
  /** Known once its outputs are done. */
  outcome: WireBatchOutcome | undefined;
}

/** Carries out what the batch generator decides. */
export class BatchShell {
  readonly #state: BatchGenerator;
  readonly #machine: Dispatcher<BatchEvent, BatchEffect>;
  readonly #clock: Clock;
  /** The time of batches, used in all reports of them; `undefined` before the start. */
  #time: BatchClock | undefined;
  readonly #ports: BatchShellPorts;
  readonly #open = new Map<EpochMs, OpenBatch>();
  readonly #receivers: readonly ReceiverPlan[];
  readonly #goesOn: boolean;
  readonly #pace: Pace;
  #timer: Timer | undefined;
  /** The next check of the running batch. */
  #look: Timer | undefined;
  #waiting = 0;

  constructor(
    options: {
      readonly conf: JobConf;
      readonly batchIntervalMs: number;
      readonly receivers: readonly ReceiverPlan[];
      readonly batches: number | undefined;
      /** False by default. */
      readonly availableNow?: boolean;
      /** The job has polled inputs. */
      readonly polls: boolean;
      /** Only for jobs that go on from a log. */
      readonly slides?: readonly Millis[];
      readonly clock: Clock;
    },
    ports: BatchShellPorts,
  ) {
    this.#clock = options.clock;
    this.#ports = ports;
    this.#receivers = options.receivers;
    this.#goesOn = options.conf["batch.failure"] === "continue";
    this.#pace = pace(options.batchIntervalMs);
    this.#state = batchGenerator({
      interval: millis(options.batchIntervalMs),
      allocatedMax: options.conf["batches.allocated.max"],
      onFailure: options.conf["batch.failure"],
      missed: options.conf["batches.missed"],
      slides: options.slides ?? [],
      availableNow: options.availableNow === true,
      logged: ports.log !== undefined,
      polls: options.polls,
      attemptsMax: options.conf["task.attempts.max"],
      retryDelay: {
        min: millis(options.conf["task.retry.delay.min"]),
        max: options.conf["task.retry.delay.max"],
      },
      rng: systemRng(),
      ...(options.batches === undefined ? {} : { batchesMax: options.batches }),
    });
    this.#machine = new Dispatcher(
      (event) => stepBatches(this.#state, event),
      (effect) => this.#perform(effect),
      () => ports.changed(),
    );
  }

  /** Begins at the next multiple of the interval, or goes on from an earlier run of the job. */
  start(resumed?: ResumedBatches): void {
    this.#time = batchClock(this.#state.settings.interval, this.#reading(), resumed?.last);
    this.dispatch({ type: "started", now: this.#now(), ...(resumed === undefined ? {} : { resumed }) });
  }

  /** The committed state on which the next batch builds. */
  get committed(): CommittedBatches {
    return this.#state.committed;
  }

  /** The batch's blocks are allocated. */
  onAllocated(time: EpochMs): void {
    const batch: OpenBatch = { startedMs: undefined, outcome: undefined };
    this.#open.set(time, batch);
    this.#keepPace({ type: "allocated", at: this.#now(), received: this.#received(time) });
    this.#observe("batchSubmitted", time, batch);
    this.dispatch({ type: "allocated", time });
  }

  /** The batch's input is complete. `more`: some inputs hold more for a run up to what they held at its start. */
  onInputFixed(time: EpochMs, more: boolean): void {
    this.dispatch({ type: "inputFixed", time, more });
  }

  /** Every output of the batch was attempted. If the batch has been cancelled, its prepared outputs are discarded. */
  onOutputsDone(time: EpochMs, outcome: WireBatchOutcome): void {
    const batch = this.#open.get(time);
    if (batch !== undefined) batch.outcome = outcome;
    this.dispatch({ type: "outputsDone", time, prepared: outcome.prepared, error: outcome.failed[0]?.error });
  }

  /** The prepared outputs are committed, except the `refused` ones. */
  onCommitted(time: EpochMs, refused: readonly RefusedOutput[]): void {
    this.dispatch({ type: "committed", time, refused });
  }

  /** The entry of what was prepared survives this process. */
  onLogged(time: EpochMs): void {
    this.dispatch({ type: "logged", time });
  }

  /** All receivers have stopped. `pending`: some of their blocks are allocated to no batch. */
  onReceiversStopped(pending: boolean): void {
    this.dispatch({ type: "receiversStopped", now: this.#now(), pending });
  }

  /** The batches that a graceful stop still waits for. */
  waits(): readonly string[] {
    return batchWaits(this.#state);
  }

  dispatch(event: BatchEvent): void {
    this.#machine.dispatch(event);
    if (!this.#machine.busy) this.#tellWaiting();
  }

  /** After a tick has been carried out, so that a job that keeps up reports nothing. */
  #tellWaiting(): void {
    const waiting = batchesDue(this.#state) - (batchAtTurn(this.#state) === undefined ? 0 : 1);
    if (waiting === this.#waiting) return;
    this.#waiting = waiting;
    this.#ports.waiting(waiting);
  }

  #perform(effect: BatchEffect): void {
    switch (effect.type) {
      case "begin":
        return this.#ports.begin(effect.zeroTime);
      case "setTimer":
        this.#timer?.cancel();
        this.#timer = this.#clock.after(millis(Math.max(0, effect.at - this.#now())), () => this.#tick());
        return;
      case "cancelTimer":
        return this.#timer?.cancel();
      case "allocate":
        return this.#ports.allocate(effect.time);
      case "fixInput":
        this.#startBatch(effect.time);
        return this.#ports.fixInput(effect.time);
      case "finishBatch":
        return this.#finishBatch(effect);
      case "runBatch":
        return this.#ports.runBatch(effect.time);
      case "logPrepared":
        return this.#ports.log?.prepared(effect.time, effect.prepared, effect.error);
      case "logEnded":
        return this.#ports.log?.ended(effect);
      case "commit":
        if (effect.outputs.length === 0) return this.onCommitted(effect.time, []);
        return this.#ports.commit(effect.time, effect.outputs);
      case "commitAfter": {
        const { time, delay } = effect;
        this.#clock.after(delay, () => this.dispatch({ type: "commitDue", time }));
        return;
      }
      case "discard":
        return this.#ports.discard(effect.time, effect.outputs);
      case "batchEnded":
        return this.#endBatch(effect);
      case "cancelBatch":
        this.#cancelled(effect.time);
        return this.#ports.cancelBatch(effect.time);
      case "stopReceivers":
        return this.#ports.stopReceivers();
      case "awaitReceivers":
        return this.#ports.awaitReceivers();
      case "batchesEnded":
        for (const time of [...this.#open.keys()]) this.#cancelled(time);
        return this.#ports.batchesEnded(effect.end);
      default:
        return unreachable(effect);
    }
  }

  #tick(): void {
    if (this.#time !== undefined) {
      const keepsUp = batchesDue(this.#state) <= 1; // the running one
      const step = lookAtClock(this.#time, this.#reading(), keepsUp);
      if (step !== undefined) this.#ports.warn(warningOf(stepWarning(step, this.#state.settings.interval).message));
    }
    this.dispatch({ type: "tick", now: this.#now() });
  }

  #reading() {
    return { wall: this.#clock.now(), monotonicMs: this.#clock.monotonicMs() };
  }

  #now(): EpochMs {
    return this.#time === undefined ? this.#clock.now() : batchTime(this.#time, this.#clock.monotonicMs());
  }

  #startBatch(time: EpochMs): void {
    const batch = this.#open.get(time);
    if (batch === undefined) return; // only a batch with blocks starts
    const at = this.#now();
    batch.startedMs = at;
    this.#keepPace({
      type: "batchStarted",
      at,
      time,
      due: batchesDue(this.#state),
      lasts: this.#state.mode === "open",
    });
    this.#report(time, batch, undefined, "running");
    this.#observe("batchStarted", time, batch);
  }

  /** An earlier run of the job has run the batch; only its commit is left. */
  #finishBatch({ time, prepared, error }: Extract<BatchEffect, { readonly type: "finishBatch" }>): void {
    this.#startBatch(time);
    const failed = error === undefined ? [] : [{ what: "a part of it, before the job was started again", error }];
    this.onOutputsDone(time, { prepared, failed, inputs: [] });
  }

  #endBatch({ time, error, refused }: Extract<BatchEffect, { readonly type: "batchEnded" }>): void {
    const batch = this.#open.get(time);
    if (batch?.outcome === undefined) return; // only a running batch ends
    this.#open.delete(time);
    const records = this.#ports.records(time);
    const received = this.#receivers.map(({ stream, name }) => ({
      name,
      records: records.get(stream) ?? 0,
      files: [],
      returned: 0,
    }));
    const outcome = withRefused(batch.outcome, refused);
    const failure = batchFailure(time, outcome, { received, goesOn: this.#goesOn });
    if (failure !== undefined) this.#ports.warn(warningOf(failure.message, { subject: `batch ${time}` }));
    this.#report(time, batch, failure && toWireError(failure));
    const processingMs = this.#now() - (batch.startedMs ?? time);
    this.#keepPace({ type: "batchEnded", received: sum(records.values()), processingMs });
    this.#observe("batchCompleted", time, batch, error);
    this.#ports.batchEnded(time, error);
  }

  #keepPace(event: PaceEvent): void {
    for (const { type, message } of stepPace(this.#pace, event)) {
      if (type === "behind") this.#ports.warn(jobBehind(JOB_BEHIND, message));
      else this.#ports.warningOver({ subject: JOB_BEHIND, message });
    }
    this.#look?.cancel();
    const look = nextLook(this.#pace);
    if (look === undefined) return;
    this.#look = this.#clock.after(millis(Math.max(0, look - this.#now())), () =>
      this.#keepPace({ type: "looked", at: this.#now(), due: batchesDue(this.#state) }),
    );
  }

  #cancelled(time: EpochMs): void {
    const batch = this.#open.get(time);
    if (batch === undefined) return;
    this.#open.delete(time);
    this.#look?.cancel();
    this.#report(time, batch, undefined, "cancelled");
  }

  /** Records received for the batch. */
  #received(time: EpochMs): number {
    return sum(this.#ports.records(time).values());
  }

  #observe(type: BatchEventType, time: EpochMs, { startedMs }: OpenBatch, error?: WireError): void {
    const endedMs = type === "batchCompleted" ? this.#now() : undefined;
    const { spilledBytes } = this.#ports.figures(time);
    const records = this.#ports.records(time);
    this.#ports.observe({ type, batch: { time, records, startedMs, endedMs, spilledBytes, error } });
  }

  #report(
    time: EpochMs,
    { startedMs }: OpenBatch,
    error: WireError | undefined,
    state?: "running" | "cancelled",
  ): void {
    this.#ports.report({
      time,
      state: state ?? (error === undefined ? "completed" : "failed"),
      records: this.#received(time),
      // A last batch runs before its time.
      schedulingDelayMs: startedMs === undefined ? undefined : Math.max(0, startedMs - time),
      processingMs: startedMs === undefined || state === "running" ? undefined : this.#now() - startedMs,
      ...this.#ports.figures(time),
      error,
    });
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const n of numbers) total += n;
  return total;
}
