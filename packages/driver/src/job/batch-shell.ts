import type { EngineEvent } from "@millrace/api/host";
import {
  type Clock,
  type EpochMs,
  type JobConf,
  millis,
  type Timer,
  toWireError,
  type WarningSink,
  type WireError,
  warningOf,
} from "@millrace/base";
import type { ReceiverPlan } from "@millrace/plan";
import type { BatchSummary } from "@millrace/rpc";
import {
  type BatchEffect,
  type BatchEvent,
  type BatchGenerator,
  type BatchOutcome,
  batchesWaiting,
  batchGenerator,
  JOB_BEHIND,
  type Pace,
  type PaceEvent,
  pace,
  stepBatches,
  stepPace,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import { type BatchReport, batchFailure } from "./batch-failure.ts";
import type { BatchInput } from "./receiver-shell.ts";

export interface BatchShellPorts extends WarningSink {
  /** Fixes the received input of a batch; answered by `onInput`. */
  allocate(time: EpochMs): void;
  /** Runs the batch in the job's thread; answered by `onDone`. */
  run(time: EpochMs, input: BatchInput): void;
  cancel(time: EpochMs): void;
  /** The batch is over, committed or not: nothing of it is needed any more. */
  over(time: EpochMs): void;
  stopReceivers(): void;
  /** What the batch's tasks have written to disk for want of memory. */
  spilledBytes(time: EpochMs): number;
  report(batch: BatchSummary): void;
  /** For whoever watches the job. */
  observe(event: EngineEvent): void;
  /** The end. */
  stopped(outcome: BatchOutcome): void;
}

type BatchEventType = Exclude<EngineEvent["type"], "receiver">;

interface Fixed {
  readonly input: BatchInput;
  startedMs: number | undefined;
}

/** The batch clock: carries out what the batch generator decides. */
export class BatchShell {
  readonly #state: BatchGenerator;
  readonly #machine: Dispatcher<BatchEvent, BatchEffect>;
  readonly #clock: Clock;
  readonly #ports: BatchShellPorts;
  readonly #fixed = new Map<EpochMs, Fixed>();
  readonly #receivers: readonly ReceiverPlan[];
  readonly #goesOn: boolean;
  readonly #pace: Pace;
  #timer: Timer | undefined;

  constructor(
    options: {
      readonly conf: JobConf;
      readonly batchIntervalMs: number;
      readonly receivers: readonly ReceiverPlan[];
      readonly batches: number | undefined;
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
      plannedMax: options.conf["batches.planned.max"],
      onFailure: options.conf["batch.failure"],
      ...(options.batches === undefined ? {} : { batchesMax: options.batches }),
    });
    this.#machine = new Dispatcher(
      (event) => stepBatches(this.#state, event),
      (effect) => this.#perform(effect),
    );
  }

  /** Begins with the next multiple of the interval. Returns the time windows align with, one interval before it. */
  start(): EpochMs {
    this.dispatch({ type: "started", now: this.#clock.now() });
    return this.#state.zeroTime;
  }

  /** The input of a batch is fixed. */
  onInput(time: EpochMs, input: BatchInput): void {
    const fixed: Fixed = { input, startedMs: undefined };
    this.#fixed.set(time, fixed);
    this.#keepPace({ type: "inputFixed", at: this.#clock.now(), received: sum(input.records.values()) });
    this.#observe("batchSubmitted", time, fixed);
    this.dispatch({ type: "inputFixed", time });
  }

  onDone(time: EpochMs, report: BatchReport): void {
    const fixed = this.#fixed.get(time);
    if (fixed === undefined) return; // abandoned meanwhile
    this.#fixed.delete(time);
    const { records } = fixed.input;
    const received = this.#receivers.map(({ stream, name }) => ({
      name,
      records: records.get(stream) ?? 0,
      files: [],
      returned: 0,
    }));
    const failure = batchFailure(time, report, { received, goesOn: this.#goesOn });
    if (failure !== undefined) this.#ports.warn(warningOf(failure.message, { subject: `batch ${time}` }));
    const error = report.failed[0]?.error;
    this.#report(time, fixed, failure && toWireError(failure));
    const processingMs = this.#clock.now() - (fixed.startedMs ?? time);
    this.#keepPace({ type: "batchOver", received: sum(records.values()), processingMs });
    this.#observe("batchCompleted", time, fixed, error);
    this.#ports.over(time);
    this.dispatch(error === undefined ? { type: "batchDone", time } : { type: "batchFailed", time, error });
  }

  dispatch(event: BatchEvent): void {
    this.#machine.dispatch(event);
  }

  close(): void {
    this.#timer?.cancel();
  }

  #perform(effect: BatchEffect): void {
    switch (effect.type) {
      case "setTimer":
        this.#timer?.cancel();
        this.#timer = this.#clock.at(effect.at, () => this.dispatch({ type: "tick", now: this.#clock.now() }));
        return;
      case "cancelTimer":
        return this.#timer?.cancel();
      case "fixInput":
        return this.#ports.allocate(effect.time);
      case "runBatch":
        return this.#run(effect.time);
      case "cancelBatch":
        this.#fixed.delete(effect.time);
        return this.#ports.cancel(effect.time);
      case "stopReceivers":
        return this.#ports.stopReceivers();
      case "stopped":
        return this.#ports.stopped(effect.outcome);
    }
  }

  #run(time: EpochMs): void {
    const fixed = this.#fixed.get(time);
    if (fixed === undefined) return; // only what was fixed is run
    const at = this.#clock.now();
    fixed.startedMs = at;
    this.#keepPace({ type: "batchStarted", at, time, waiting: batchesWaiting(this.#state) });
    this.#report(time, fixed, undefined, "running");
    this.#observe("batchStarted", time, fixed);
    this.#ports.run(time, fixed.input);
  }

  #keepPace(event: PaceEvent): void {
    for (const { type, message } of stepPace(this.#pace, event)) {
      if (type === "behind") this.#ports.warn(warningOf(message, { subject: JOB_BEHIND, lasting: true }));
      else this.#ports.warningOver({ subject: JOB_BEHIND, message });
    }
  }

  #observe(type: BatchEventType, time: EpochMs, fixed: Fixed, error?: WireError): void {
    const { input, startedMs } = fixed;
    const endedMs = type === "batchCompleted" ? this.#clock.now() : undefined;
    const spilledBytes = this.#ports.spilledBytes(time);
    this.#ports.observe({ type, batch: { time, records: input.records, startedMs, endedMs, spilledBytes, error } });
  }

  #report(time: EpochMs, fixed: Fixed, error: WireError | undefined, state?: "running"): void {
    const startedMs = fixed.startedMs ?? time;
    this.#ports.report({
      time,
      state: state ?? (error === undefined ? "completed" : "failed"),
      records: sum(fixed.input.records.values()),
      schedulingDelayMs: startedMs - time,
      processingMs: state === undefined ? this.#clock.now() - startedMs : undefined,
      spilledBytes: this.#ports.spilledBytes(time),
      error,
    });
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const n of numbers) total += n;
  return total;
}
