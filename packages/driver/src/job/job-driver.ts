import type { EngineEvent } from "@millrace/api/host";
import {
  type Clock,
  deferred,
  type EpochMs,
  type ExecutorId,
  fromWireError,
  type JobId,
  type Logger,
  millis,
  type TakeOutput,
  type Timer,
  toWireError,
  type WireError,
} from "@millrace/base";
import { readManifest } from "@millrace/bundler";
import type { BlockId, ShuffleId } from "@millrace/plan";
import type { ExecutorSession, FromExecutor } from "@millrace/rpc";
import { type BatchOutcome, endBeforeBatches, endOfJob, type JobEnd } from "@millrace/scheduler";
import { BatchShell } from "./batch-shell.ts";
import { type DriverData, type DriverDataOptions, openDriverData } from "./driver-data.ts";
import { Ending, receiversHang } from "./ending.ts";
import type { JobDriverEvent } from "./events.ts";
import { ExecutorLosses } from "./executor-losses.ts";
import { type ExecutorInfo, Executors, executorGone } from "./executors.ts";
import { JobWarnings, WAITING, WAITING_AFTER } from "./job-warnings.ts";
import { ReceiverShell } from "./receiver-shell.ts";
import { Stopping, type StopRequest } from "./stopping.ts";
import { TaskShell } from "./task-shell.ts";
import { JobThread } from "./thread/host.ts";
import type { Answer, FromJobThread } from "./thread/protocol.ts";
import { Zones } from "./zones.ts";

export interface JobDriverOptions {
  readonly job: JobId;
  /** `--name`; the job's own when absent. */
  readonly name: string | undefined;
  /** The driver's build of the job on this disk. */
  readonly module: string;
  /** The packed artefact, served to executors. */
  readonly artefact: Uint8Array;
  readonly args: readonly string[];
  /** Settings of this start, checked together with the job's own. */
  readonly conf: Readonly<Record<string, string>>;
  /** Checkpoints go below it when the job names no directory. */
  readonly dataDir: string;
  /** `driver.heap` without what the job's own `conf` says of it. */
  readonly heapBytes: number;
  /** End after this many batches. */
  readonly batches: number | undefined;
  readonly data: DriverDataOptions;
  /** Start batches once this many executors are ready, or after `gatherMs` with any. */
  readonly executors: number;
  readonly gatherMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How the reader gets at executors where this job runs: the remedy of NO_EXECUTORS. */
  readonly executorsHint: string;
  readonly onEvent: (event: JobDriverEvent) => void;
  /** Takes what the job prints and what its code on the driver writes. */
  readonly output: TakeOutput;
}

/** What a batch that was cut off may take to take back what it began, such as output that is not complete. */
const UNWIND = millis(1_000);

type Built = Extract<FromJobThread, { readonly type: "built" }>;

interface Running {
  readonly built: Built;
  readonly tasks: TaskShell;
  readonly receivers: ReceiverShell;
  readonly batches: BatchShell;
  readonly stopping: Stopping;
}

/**
 * The main thread of one job's driver process: sessions with its executors, the batch clock, and the shells around the
 * schedulers. The job's own code runs in a thread beside it and cannot hold it up.
 *
 *     building ─built─▶ gathering ─executors ready─▶ running ─stop─▶ draining ─▶ ending ─told─▶ ended
 *         │                                             └── a batch failed ────────▲              ▲
 *         └──────────────── failed, stopNow, thread lost ─────────────────────────────────────────┘
 */
export class JobDriver {
  readonly #options: JobDriverOptions;
  readonly #thread: JobThread;
  readonly #data: DriverData;
  readonly #warnings: JobWarnings;
  readonly #losses: ExecutorLosses;
  readonly #zones: Zones;
  #executors: Executors | undefined;
  #early: ExecutorSession[] = [];
  #built: Built | undefined;
  #running: Running | undefined;
  #gather: Timer | undefined;
  /** Runs while the job waits for its first executor. */
  #alone: Timer | undefined;
  /** The last batch is over, and code of the job is being told. */
  #ending: Ending | undefined;
  /** A batch was cut off, and takes back what it began. */
  #unwinding: { readonly time: EpochMs; readonly end: JobEnd; readonly limit: Timer } | undefined;
  /** The job has listeners. */
  #watched = false;
  #ended = false;
  readonly #end = deferred<JobEnd>();

  /** Starts the job's thread and builds the graph; executors may come at once. */
  static async start(options: JobDriverOptions): Promise<JobDriver> {
    return new JobDriver(options, await openDriverData(options.data, options.heapBytes));
  }

  private constructor(options: JobDriverOptions, data: DriverData) {
    this.#options = options;
    this.#data = data;
    this.#warnings = new JobWarnings(options);
    this.#losses = new ExecutorLosses(this.#warnings);
    this.#zones = new Zones(this.#warnings.warn);
    this.#thread = new JobThread(
      {
        heapBytes: options.heapBytes,
        output: options.output,
        build: {
          module: options.module,
          externals: readManifest(options.artefact).manifest.externals.length > 0,
          name: options.name,
          args: options.args,
          conf: options.conf,
          directory: `${options.dataDir}/checkpoint`,
        },
      },
      { onMessage: (message) => this.#onThread(message), onLost: (error) => this.#fail(error) },
    );
  }

  /** Settles when the job is over. */
  get ended(): Promise<JobEnd> {
    return this.#end.promise;
  }

  accept(session: ExecutorSession): void {
    if (this.#executors !== undefined) this.#executors.accept(session);
    else if (this.#ended) session.close();
    else this.#early.push(session);
  }

  /** Why an executor's process ended, told by whoever started it: reaches the tasks that ran there. */
  explainLoss(executor: ExecutorId, error: WireError): void {
    this.#losses.explain(executor, error);
  }

  /** Ends the job: after what was received when graceful, at once when not. */
  stop(how: StopRequest): void {
    if (this.#ended || this.#unwinding !== undefined) return;
    if (this.#running === undefined)
      return this.#finish(how.graceful ? { state: "finished" } : endBeforeBatches(how.reason));
    if (this.#ending === undefined) return this.#running.stopping.request(how);
    if (!how.graceful) this.#finish(this.#ending.end);
  }

  /** `ssc.stop()`: in `build` it keeps the job from starting, and that is no loss. */
  #stopItself(graceful: boolean): void {
    this.stop(graceful || this.#running === undefined ? { graceful: true } : { graceful, reason: { kind: "job" } });
  }

  #onThread(message: FromJobThread): void {
    if (this.#ended) return;
    switch (message.type) {
      case "heap":
        return this.#data.blocks.limit(message.heapBytes);
      case "built":
        try {
          return this.#onBuilt(message);
        } catch (error) {
          return this.#finish({ state: "failed", error: toWireError(error) }); // such as an artefact that its heap does not hold
        }
      case "failed":
        return this.#finish({ state: "failed", error: message.error });
      case "run":
        return this.#answer(message.id, this.#running?.tasks.run(message.plan));
      case "putBlock":
        return this.#answer(message.id, (async () => this.#data.blocks.put(message.name, message.parts))());
      case "dropBlocks":
        for (const id of message.blocks) this.#data.blocks.drop(id);
        return this.#executors?.tidyAll({ type: "dropBlocks", blocks: message.blocks });
      case "released":
        return this.#onReleased(message.times, message.shuffles);
      case "batchDone":
        if (this.#unwinding?.time === message.time) return this.#finish(this.#unwinding.end);
        return this.#running?.batches.onDone(message.time, message.report);
      case "warn":
        return this.#warnings.warn(message.warning);
      case "warningOver":
        return this.#warnings.warningOver(message.over);
      case "stopJob":
        return this.#stopItself(message.graceful);
      case "watch":
        this.#watched = message.on;
        return;
      case "ended":
        return this.#ending?.onTold(message.goesOn);
    }
  }

  #onReleased(times: readonly EpochMs[], shuffles: readonly ShuffleId[]): void {
    if (shuffles.length > 0) this.#running?.tasks.dropShuffles(shuffles);
    for (const batch of times) this.#running?.receivers.dispatch({ type: "batchForgotten", batch });
  }

  #answer(id: number, work: Promise<unknown> | undefined): void {
    const post = (answer: Answer): void => this.#thread.send({ type: "answer", id, answer });
    if (work === undefined) return;
    work.then(
      (value) => post({ ok: true, value }),
      (error: unknown) => post({ ok: false, error: toWireError(error) }),
    );
  }

  #onBuilt(built: Built): void {
    this.#built = built;
    const artefact = this.#data.blocks.putArtefact(this.#options.artefact);
    this.#executors = new Executors(
      { job: this.#options.job, conf: built.conf, artefact, data: this.#data.address },
      {
        onReady: (info) => this.#onExecutorReady(info),
        onLeaving: (executor) => this.#running?.receivers.dispatch({ type: "executorLeaving", executor }),
        onLost: (executor, error, left) => this.#onExecutorLost(executor, error, left),
        onMessage: (executor, message) => this.#onExecutorMessage(executor, message),
      },
      { clock: this.#options.clock, log: this.#options.log },
    );
    this.#options.onEvent({
      type: "built",
      name: built.name,
      batchIntervalMs: built.batchIntervalMs,
      memory: { slotHeapBytes: built.conf["executor.slot.heap"], poolBytes: built.conf["storage.pool.bytes"] },
      stopTimeout: built.conf["stop.timeout"],
    });
    for (const session of this.#early) this.#executors.accept(session);
    this.#early = [];
    this.#alone ??= this.#options.clock.after(WAITING_AFTER, () => this.#warnings.warn(WAITING));
  }

  #onExecutorReady(info: ExecutorInfo): void {
    this.#losses.forget(info.executor);
    this.#alone?.cancel();
    this.#warnings.warningOver({ subject: WAITING.subject, message: undefined });
    this.#reportExecutors();
    this.#zones.onExecutor(info, this.#options.clock.now());
    if (this.#running !== undefined) return this.#join(this.#running, info);
    const ready = this.#executors?.ready.length ?? 0;
    if (ready >= this.#options.executors) this.#begin();
    else this.#gather ??= this.#options.clock.after(millis(this.#options.gatherMs), () => this.#begin());
  }

  #join(running: Running, info: ExecutorInfo): void {
    running.tasks.dispatch({ type: "executorJoined", executor: info.executor, slots: info.slots });
    running.tasks.dispatch({ type: "executorReady", executor: info.executor });
    running.receivers.dispatch({ type: "executorReady", executor: info.executor });
    if (this.#executors?.isLeaving(info.executor))
      running.receivers.dispatch({ type: "executorLeaving", executor: info.executor });
  }

  #onExecutorLost(executor: ExecutorId, cause: Error | undefined, left: boolean): void {
    const error = this.#losses.errorOf(executor, cause, left);
    this.#reportExecutors();
    this.#running?.tasks.dispatch({ type: "executorLost", executor, error: toWireError(error) });
    this.#running?.receivers.dispatch({ type: "executorLost", executor });
  }

  #onExecutorMessage(executor: ExecutorId, message: FromExecutor): void {
    if (message.type === "failed") return this.#fail(fromWireError(message.error));
    if (message.type === "trouble") this.#warnings.ofExecutor(executor, message.error);
    this.#running?.tasks.onMessage(executor, message);
    this.#running?.receivers.onMessage(executor, message);
  }

  #begin(): void {
    const { built, options, executors } = { built: this.#built, options: this.#options, executors: this.#executors };
    if (built === undefined || executors === undefined || this.#running !== undefined || this.#ended) return;
    this.#gather?.cancel();
    const slots = executors.ready.reduce((sum, info) => sum + info.slots, 0);
    const tasks = new TaskShell(built.conf, {
      executors,
      clock: options.clock,
      fetch: (holder, block) => this.#fetch(holder, block),
      ...this.#warnings,
    });
    const receivers = new ReceiverShell(
      built.receivers,
      { ...built, replicate: options.data.kind === "tcp", clock: options.clock },
      {
        executors,
        ...this.#warnings,
        onAllocated: (time) => batches.onAllocated(time),
        onInput: (time, received) => this.#thread.send({ type: "batch", time, received }),
        observe: (event) => this.#observe(event),
        onAllStopped: (pending) => batches.onReceiversStopped(pending),
      },
    );
    const batches: BatchShell = new BatchShell(
      { ...built, batches: options.batches, clock: options.clock },
      {
        ...this.#warnings,
        allocate: (time) => receivers.dispatch({ type: "allocate", batch: time }),
        run: (time) => receivers.dispatch({ type: "begin", batch: time }),
        cancel: (time) => tasks.cancel("the job is stopped", time),
        over: (time) => {
          receivers.dispatch({ type: "batchDone", batch: time });
          tasks.batchOver(time);
          this.#thread.send({ type: "over", time });
        },
        stopReceivers: () => receivers.dispatch({ type: "stopRequested" }),
        awaitReceivers: () => stopping.request({ graceful: true }),
        records: (time) => receivers.records(time),
        spilledBytes: (time) => tasks.spilledBytes(time),
        observe: (event) => this.#observe(event),
        report: (batch) => options.onEvent({ type: "batch", batch }),
        waiting: (batches) => options.onEvent({ type: "waiting", batches }),
        stopped: (outcome) => this.#onBatchesOver(outcome),
      },
    );
    const stopping = new Stopping(built.conf, executors.ready.length, {
      clock: options.clock,
      stopBatches: () => batches.dispatch({ type: "stopRequested" }),
      cutBatches: () => batches.dispatch({ type: "stopNow" }),
    });
    this.#running = { built, tasks, receivers, batches, stopping };
    for (const info of executors.ready) this.#join(this.#running, info);
    receivers.start();
    const zeroTime = batches.start();
    // Two at least on a cluster, which may have begun with a part of what it is to be.
    const parallelism = options.data.kind === "tcp" ? Math.max(slots, 2) : slots;
    this.#thread.send({
      type: "begin",
      defaultParallelism: built.conf["default.parallelism"] || parallelism,
      zeroTime,
    });
    options.onEvent({ type: "running", executors: executors.ready.length });
  }

  async #fetch(holder: ExecutorId, block: BlockId): Promise<Uint8Array> {
    const address = this.#executors?.addressOf(holder);
    if (address === undefined) throw executorGone(holder, undefined);
    return this.#data.fetch(address, block);
  }

  /** Tells code of the job, unless it is not to have another turn. */
  #onBatchesOver(outcome: BatchOutcome): void {
    if (this.#running === undefined) return; // batches have run
    const { stopping, receivers } = this.#running;
    const limit = stopping.over();
    const end = endOfJob(outcome, stopping.reason, receivers.loss());
    if (outcome.kind === "killed") return this.#unwind(outcome.cutOff, end);
    if (end.state === "finished" && stopping.reason?.kind === "timeout")
      this.#warnings.warn(receiversHang(stopping.reason.limit));
    this.#ending = new Ending(end, limit, {
      thread: this.#thread,
      clock: this.#options.clock,
      warn: this.#warnings.warn,
      settle: (done) => this.#executors?.settle(done),
      over: () => this.#finish(end),
    });
  }

  /** Its tasks are cancelled: code that waits for them removes what it had begun to write. */
  #unwind(time: EpochMs | undefined, end: JobEnd): void {
    if (time === undefined) return this.#finish(end);
    this.#unwinding = { time, end, limit: this.#options.clock.after(UNWIND, () => this.#finish(end)) };
  }

  #observe(event: EngineEvent): void {
    if (this.#watched) this.#thread.send({ type: "observe", event });
  }

  #reportExecutors(): void {
    const ready = this.#executors?.ready.length ?? 0;
    this.#options.onEvent({ type: "executors", executors: ready });
    this.#running?.stopping.executors(ready);
  }

  #fail(error: Error): void {
    const known = this.#unwinding?.end ?? this.#ending?.end;
    const failed: JobEnd = { state: "failed", error: toWireError(error) };
    this.#finish(known === undefined || known.state === "finished" ? failed : known);
  }

  #finish(end: JobEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of [this.#gather, this.#alone, this.#unwinding?.limit, this.#running?.stopping, this.#ending])
      timer?.cancel();
    this.#running?.batches.close();
    // First of all, so that nobody takes the ends of executors' processes for losses.
    this.#options.onEvent({ type: "ended", end });
    for (const session of this.#early) session.close();
    this.#executors?.shutdown(end.state === "finished");
    void Promise.allSettled([this.#thread.terminate(), this.#data.close()]).then(() => this.#end.resolve(end));
  }
}
