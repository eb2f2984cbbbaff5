import type { ActionResult, EngineEvent } from "@millrace/api/engine";
import type { Clock, EpochMs, ExecutorId, Warning, WarningOver, WireError } from "@millrace/base";
import type { ActionPlan, BatchInput, BlockId, FixedInput, PreparedOutput, ShuffleId } from "@millrace/plan";
import type { BatchSummary, FromExecutor } from "@millrace/rpc";
import {
  type BatchesEnd,
  type BatchFigures,
  type ExecutorFigures,
  executorGone,
  type ReceivedLoss,
  type RefusedOutput,
  type ResumedBatches,
} from "@millrace/scheduler";
import type { WireBatchOutcome } from "./batch-failure.ts";
import { type BatchLogPorts, BatchShell, type BatchShellPorts } from "./batch-shell.ts";
import type { DriverData } from "./driver-data.ts";
import type { JobDriverEvent } from "./events.ts";
import type { ExecutorInfo } from "./executor-link.ts";
import type { Executors } from "./executors.ts";
import { JobClock } from "./job-clock.ts";
import type { JobWarnings } from "./job-warnings.ts";
import { OwnerProof } from "./owner-proof.ts";
import { ReceiverShell, type ReceiverShellPorts } from "./receiver-shell.ts";
import { TaskShell, type TaskShellPorts } from "./task-shell.ts";
import type { JobThread } from "./thread/job-thread.ts";
import type { FromJobThread, ToJobThread } from "./thread/protocol.ts";

/** The requests of batches to the job's thread. */
type AskedType = "fixInput" | "runBatch" | "cancelBatch" | "commit" | "discard" | "logPrepared" | "logEnded";

/** The thread's message when the job was built. */
export type Built = Extract<FromJobThread, { readonly type: "built" }>;

export interface RunningJobPorts {
  readonly clock: Clock;
  readonly executors: Executors;
  readonly data: DriverData;
  readonly thread: JobThread;
  readonly defaultParallelism: number;
  readonly warnings: JobWarnings;
  /** End after this many batches. */
  readonly batches: number | undefined;
  /** End when the inputs have given what they held at the start. */
  readonly availableNow: boolean;
  /** Executors store second copies of received blocks if a level requires them. */
  readonly replicate: boolean;
  onEvent(event: JobDriverEvent): void;
  /** What a drain waits for may have changed. */
  onChanged(): void;
  /** Every batch has ended, and only receivers are still running. */
  onReceiversAwaited(): void;
  /** @param busy The job thread still has requests of batches to finish; `onThreadIdle` follows. */
  onBatchesEnded(end: BatchesEnd, received: ReceivedLoss, busy: boolean): void;
  /** The job thread has finished all requests of batches. */
  onThreadIdle(): void;
}

/**
 * A job whose batches have started: the shells of its three machines (batches, tasks, receivers), and all requests
 * between them, the job thread and the executors. Each shell knows only its own machine.
 */
export class RunningJob implements BatchShellPorts, TaskShellPorts, ReceiverShellPorts {
  readonly clock: JobClock;
  readonly executors: Executors;
  readonly warn: (warning: Warning) => void;
  readonly warningOver: (over: WarningOver) => void;
  readonly #ports: RunningJobPorts;
  readonly #tasks: TaskShell;
  readonly #receivers: ReceiverShell;
  readonly #batches: BatchShell;
  readonly #proof: OwnerProof;
  readonly log: BatchLogPorts | undefined;
  readonly #resumed: ResumedBatches | undefined;
  /** A batch that fails is not committed, and runs again at the next start. */
  readonly #stopsOnFailure: boolean;
  /** The number of requests of batches that the job thread has not answered. */
  #asked = 0;
  /** The job has listeners. */
  #watched: boolean;

  constructor(built: Built, watched: boolean, ports: RunningJobPorts) {
    this.clock = new JobClock(ports.clock);
    this.executors = ports.executors;
    this.warn = ports.warnings.warn;
    this.warningOver = ports.warnings.warningOver;
    this.#ports = ports;
    this.#watched = watched;
    this.log = built.log && this.#logPorts();
    this.#resumed = built.log?.resumed;
    this.#stopsOnFailure = built.conf["batch.failure"] === "stop";
    this.#proof = new OwnerProof(() => ports.thread.send({ type: "prove" }));
    this.#tasks = new TaskShell({ conf: built.conf, epoch: built.log?.epoch ?? 0 }, this);
    this.#receivers = new ReceiverShell(built.receivers, { ...built, ...ports, clock: this.clock }, this);
    this.#batches = new BatchShell({ ...built, ...ports, clock: this.clock }, this);
  }

  start(): void {
    for (const info of this.executors.ready) this.join(info);
    this.#receivers.start();
    this.#batches.start(this.#resumed);
  }

  /** Drains: processes the received data and starts no further batches. */
  drain(): void {
    this.#batches.dispatch({ type: "stopRequested" });
  }

  changed(): void {
    this.#ports.onChanged();
  }

  /** What a drain still waits for. */
  waits(): readonly string[] {
    return [...this.#batches.waits(), ...this.#receivers.waits()];
  }

  /** What leaving executors are needed for. */
  leavingWaits(): ReadonlyMap<ExecutorId, readonly string[]> {
    return this.#receivers.leavingWaits();
  }

  /** Cancels running work and takes no more. */
  cut(): void {
    this.#batches.dispatch({ type: "stopNow" });
  }

  /** The job is over: none of its timers fires any more. */
  close(): void {
    this.clock.stop();
  }

  watch(on: boolean): void {
    this.#watched = on;
  }

  // Executors

  join({ executor, slots }: ExecutorInfo): void {
    this.#tasks.dispatch({ type: "executorJoined", executor, slots });
    this.#tasks.dispatch({ type: "executorReady", executor });
    const held = this.executors.takeHeld(executor);
    this.#receivers.dispatch({ type: "executorReady", executor, ...(held === undefined ? {} : { held }) });
    if (this.executors.isLeaving(executor)) this.leaving(executor);
  }

  leaving(executor: ExecutorId): void {
    this.#tasks.dispatch({ type: "executorLeaving", executor });
    this.#receivers.dispatch({ type: "executorLeaving", executor });
  }

  lost(executor: ExecutorId, error: WireError): void {
    this.#tasks.dispatch({ type: "executorLost", executor, error });
    this.#receivers.dispatch({ type: "executorLost", executor });
  }

  onMessage(executor: ExecutorId, message: FromExecutor): void {
    this.#tasks.onMessage(executor, message);
    this.#receivers.onMessage(executor, message);
  }

  // The job thread

  asOwner(deed: () => void): void {
    this.#proof.asOwner(deed);
  }

  onProved(): void {
    this.#proof.proved();
  }

  runPlan(plan: ActionPlan): Promise<ActionResult> {
    return this.#tasks.run(plan);
  }

  onReleased(times: readonly EpochMs[], shuffles: readonly ShuffleId[]): void {
    this.#tasks.dropShuffles(shuffles);
    for (const batch of times) this.#receivers.dispatch({ type: "batchReleased", batch });
  }

  onInputFixed(time: EpochMs, inputs: ReadonlyMap<string, FixedInput>, more: boolean): void {
    this.#answered(() => {
      this.#receivers.dispatch({ type: "inputFixed", batch: time, inputs });
      this.#batches.onInputFixed(time, more);
    });
  }

  onOutputsDone(time: EpochMs, outcome: WireBatchOutcome): void {
    this.#answered(() => this.#batches.onOutputsDone(time, outcome));
  }

  onCommitted(time: EpochMs, refused: readonly RefusedOutput[]): void {
    this.#answered(() => this.#batches.onCommitted(time, refused));
  }

  onLogged(time: EpochMs): void {
    this.#answered(() => this.#batches.onLogged(time));
  }

  onEndLogged(): void {
    this.#answered(() => undefined);
  }

  onDiscarded(): void {
    this.#answered(() => undefined);
  }

  /** @param next Handles the answer, and may make further requests. */
  #answered(next: () => void): void {
    this.#asked -= 1;
    next();
    if (this.#asked === 0) this.#ports.onThreadIdle();
  }

  #ask(message: Extract<ToJobThread, { readonly type: AskedType }>): void {
    this.#asked += 1;
    this.#ports.thread.send(message);
  }

  // Requests of batches

  #logPorts(): BatchLogPorts {
    return {
      prepared: (time, prepared, error) => this.#ask({ type: "logPrepared", time, prepared, error }),
      ended: (ended) => this.#ask({ type: "logEnded", ended }),
    };
  }

  begin(zeroTime: EpochMs): void {
    const { thread, defaultParallelism } = this.#ports;
    const received = this.#receivers.recalled();
    thread.send({ type: "startBatches", defaultParallelism, zeroTime, received });
  }

  allocate(time: EpochMs): void {
    this.#receivers.dispatch({ type: "allocate", batch: time });
  }

  fixInput(time: EpochMs): void {
    this.#ask({ type: "fixInput", time });
  }

  runBatch(time: EpochMs): void {
    this.#receivers.dispatch({ type: "runBatch", batch: time });
  }

  cancelBatch(time: EpochMs): void {
    this.#ask({ type: "cancelBatch", time }); // before its plans fail, or user code would go on as after any failure
    this.#tasks.cancel("the job is stopped", time);
  }

  commit(time: EpochMs, outputs: readonly PreparedOutput[]): void {
    this.#ask({ type: "commit", time, outputs });
  }

  discard(time: EpochMs, outputs: readonly PreparedOutput[]): void {
    this.#ask({ type: "discard", time, outputs });
  }

  batchEnded(time: EpochMs, error: WireError | undefined): void {
    this.#receivers.dispatch({
      type: "batchEnded",
      batch: time,
      unfinished: error !== undefined && this.#stopsOnFailure,
    });
    this.#tasks.batchEnded(time);
    this.#ports.thread.send({ type: "batchEnded", time, failed: error !== undefined });
  }

  stopReceivers(): void {
    this.#receivers.dispatch({ type: "stopRequested" });
  }

  awaitReceivers(): void {
    this.#ports.onReceiversAwaited();
  }

  records(time: EpochMs): ReadonlyMap<number, number> {
    return this.#receivers.records(time);
  }

  figures(time: EpochMs): BatchFigures {
    return this.#tasks.figures(time);
  }

  report(batch: BatchSummary): void {
    this.#ports.onEvent({ type: "batch", batch });
  }

  waiting(batches: number): void {
    this.#ports.onEvent({ type: "waiting", batches });
  }

  batchesEnded(end: BatchesEnd): void {
    this.#ports.onBatchesEnded(end, this.#receivers.loss(), this.#asked > 0);
  }

  // Requests of receivers

  onAllocated(time: EpochMs): void {
    this.#batches.onAllocated(time);
  }

  onInput(input: BatchInput): void {
    this.#ask({ type: "runBatch", input, states: this.#batches.committed.states });
  }

  onAllStopped(pending: boolean): void {
    this.#batches.onReceiversStopped(pending);
  }

  onSegmentsFree(segments: readonly string[]): void {
    this.#ports.thread.send({ type: "removeReceived", segments });
  }

  onHolderAdded(executor: ExecutorId, blocks: readonly BlockId[]): void {
    this.#tasks.dispatch({ type: "holderAdded", executor, blocks });
  }

  onCopiesReleased(blocks: readonly BlockId[]): void {
    this.#tasks.dispatch({ type: "copiesReleased", blocks });
  }

  observe(event: EngineEvent): void {
    if (this.#watched) this.#ports.thread.send({ type: "observe", event });
  }

  // Requests of tasks

  onFigures(executor: ExecutorId, figures: ExecutorFigures | undefined): void {
    this.#ports.onEvent({ type: "figures", executor, figures });
  }

  async fetch(holder: ExecutorId, block: BlockId): Promise<Uint8Array> {
    const address = this.executors.addressOf(holder);
    if (address === undefined) throw executorGone(holder, undefined);
    return this.#ports.data.fetch(address, block);
  }
}
