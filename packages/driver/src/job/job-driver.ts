import { createHash } from "node:crypto";
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
  warningOf,
} from "@millrace/base";
import { readManifest } from "@millrace/bundler";
import { type BlockId, blockId, type ShuffleId } from "@millrace/plan";
import type { ExecutorSession, FromExecutor } from "@millrace/rpc";
import type { BatchOutcome } from "@millrace/scheduler";
import { BatchShell } from "./batch-shell.ts";
import { type DriverData, type DriverDataOptions, openDriverData } from "./driver-data.ts";
import { Ending } from "./ending.ts";
import type { JobEvent } from "./events.ts";
import { ExecutorLosses } from "./executor-losses.ts";
import { type ExecutorInfo, Executors, executorGone } from "./executors.ts";
import { JobWarnings, WAITING } from "./job-warnings.ts";
import { ReceiverShell } from "./receiver-shell.ts";
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
  readonly onEvent: (event: JobEvent) => void;
  /** Takes what the job prints and what its code on the driver writes. */
  readonly output: TakeOutput;
}

/** An executor that was lost is often back within a second or two. */
const ALONE = millis(5_000);

type Built = Extract<FromJobThread, { readonly type: "built" }>;

interface Running {
  readonly built: Built;
  readonly tasks: TaskShell;
  readonly receivers: ReceiverShell;
  readonly batches: BatchShell;
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
  #drain: Timer | undefined;
  /** Runs while the job waits for its first executor, or drains, and none is there. */
  #alone: Timer | undefined;
  /** The last batch is over, and code of the job is being told. */
  #ending: Ending | undefined;
  /** When a graceful stop has to be over, by the monotonic clock. */
  #stopByMs: number | undefined;
  /** The job has listeners. */
  #watched = false;
  #ended = false;
  readonly #end = deferred<WireError | undefined>();

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

  /** Settles when the job is over: with the reason when it failed. */
  get ended(): Promise<WireError | undefined> {
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

  /** Ends the job: after the batches whose time has come when graceful, at once when not. */
  stop(graceful: boolean): void {
    if (this.#ended) return;
    if (this.#running === undefined) return this.#finish(undefined);
    if (this.#ending !== undefined) return graceful ? undefined : this.#finish(this.#ending.error);
    if (!graceful) return this.#running.batches.dispatch({ type: "stopNow" });
    this.#running.batches.dispatch({ type: "stopRequested" });
    if (this.#ended || this.#ending !== undefined) return; // there was nothing to wait for
    const limit = this.#running.built.conf["stop.timeout"];
    this.#stopByMs ??= this.#options.clock.monotonicMs() + limit;
    this.#drain ??= this.#options.clock.after(limit, () => {
      this.#warn(
        `the job did not drain within stop.timeout = ${limit} ms and is ended at once; batches that were waiting are not processed.`,
      );
      this.#running?.batches.dispatch({ type: "stopNow" });
    });
    this.#watchAlone();
  }

  /** A cluster that is stopped as a whole may lose its executors first: what they had received is gone with them. */
  #watchAlone(): void {
    if (this.#drain === undefined || (this.#executors?.ready.length ?? 0) > 0) return;
    this.#alone ??= this.#options.clock.after(ALONE, () => {
      this.#warn(
        `the job is to stop and has had no executor for ${ALONE} ms: it is ended at once; batches that were waiting are not processed. ` +
          "Stop the job, or the driver, before its executors.",
      );
      this.#running?.batches.dispatch({ type: "stopNow" });
    });
  }

  #onThread(message: FromJobThread): void {
    if (this.#ended) return;
    switch (message.type) {
      case "heap":
        return this.#data.blocks.limit(message.heapBytes);
      case "built":
        return this.#onBuilt(message);
      case "failed":
        return this.#finish(message.error);
      case "run":
        return this.#answer(message.id, this.#running?.tasks.run(message.plan));
      case "putBlock":
        return this.#answer(
          message.id,
          Promise.resolve().then(() => this.#data.blocks.put(message.name, message.parts)),
        );
      case "dropBlocks":
        for (const id of message.blocks) this.#data.blocks.drop(id);
        return this.#executors?.tidyAll({ type: "dropBlocks", blocks: message.blocks });
      case "released":
        return this.#onReleased(message.times, message.shuffles);
      case "batchDone":
        return this.#running?.batches.onDone(message.time, message.report);
      case "warn":
        return this.#warn(message.message);
      case "stopJob":
        return this.stop(message.graceful);
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
    const artefactId = blockId(
      `artefact/${createHash("sha256").update(this.#options.artefact).digest("hex").slice(0, 16)}`,
    );
    const artefact = this.#data.blocks.put(artefactId, [this.#options.artefact]);
    this.#executors = new Executors(
      { job: this.#options.job, conf: built.conf, artefact, data: this.#data.address },
      {
        onReady: (info) => this.#onExecutorReady(info),
        onLost: (executor, error) => this.#onExecutorLost(executor, error),
        onMessage: (executor, message) => this.#onExecutorMessage(executor, message),
      },
      { clock: this.#options.clock, log: this.#options.log },
    );
    this.#options.onEvent({
      type: "built",
      name: built.name,
      batchIntervalMs: built.batchIntervalMs,
      memory: { slotHeapBytes: built.conf["executor.slot.heap"], poolBytes: built.conf["storage.pool.bytes"] },
    });
    for (const session of this.#early) this.#executors.accept(session);
    this.#early = [];
    this.#alone ??= this.#options.clock.after(ALONE, () => this.#warnings.warn(WAITING));
  }

  #onExecutorReady(info: ExecutorInfo): void {
    this.#losses.forget(info.executor);
    this.#alone?.cancel();
    this.#alone = undefined;
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
  }

  #onExecutorLost(executor: ExecutorId, cause: Error | undefined): void {
    const error = this.#losses.errorOf(executor, cause);
    this.#reportExecutors();
    this.#running?.tasks.dispatch({ type: "executorLost", executor, error: toWireError(error) });
    this.#running?.receivers.dispatch({ type: "executorLost", executor });
    this.#watchAlone();
  }

  #onExecutorMessage(executor: ExecutorId, message: FromExecutor): void {
    if (message.type === "tasks") this.#running?.tasks.onStatuses(executor, message);
    else if (message.type === "failed") this.#fail(fromWireError(message.error));
    else this.#running?.receivers.onMessage(executor, message);
  }

  #begin(): void {
    const { built, options, executors } = { built: this.#built, options: this.#options, executors: this.#executors };
    if (built === undefined || executors === undefined || this.#running !== undefined || this.#ended) return;
    this.#gather?.cancel();
    const slots = executors.ready.reduce((sum, info) => sum + info.slots, 0);
    const tasks = new TaskShell(built.conf, {
      executors,
      fetch: (holder, block) => this.#fetch(holder, block),
      ...this.#warnings,
    });
    const receivers = new ReceiverShell(
      built.receivers,
      { ...built, replicate: options.data.kind === "tcp", clock: options.clock },
      {
        executors,
        ...this.#warnings,
        onInput: (time, input) => batches.onInput(time, input),
        observe: (event) => this.#observe(event),
        onAllStopped: (pending) => batches.dispatch({ type: "receiversStopped", pending }),
      },
    );
    const batches: BatchShell = new BatchShell(
      { ...built, batches: options.batches, clock: options.clock },
      {
        ...this.#warnings,
        allocate: (time) => receivers.dispatch({ type: "allocate", batch: time }),
        run: (time, input) => this.#thread.send({ type: "batch", time, received: input.received }),
        cancel: (time) => tasks.cancel("the job is stopped", time),
        over: (time) => {
          receivers.dispatch({ type: "batchDone", batch: time });
          tasks.forget(time);
          this.#thread.send({ type: "over", time });
        },
        stopReceivers: () => receivers.dispatch({ type: "stopRequested" }),
        spilledBytes: (time) => tasks.spilledBytes(time),
        observe: (event) => this.#observe(event),
        report: (batch) => options.onEvent({ type: "batch", batch }),
        stopped: (outcome) => this.#onBatchesOver(outcome),
      },
    );
    this.#running = { built, tasks, receivers, batches };
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
    const error = outcome.kind === "failed" ? outcome.error : undefined;
    if (outcome.kind === "killed") return this.#finish(error);
    this.#drain?.cancel();
    this.#drain = undefined;
    this.#alone?.cancel();
    const limitMs = (this.#stopByMs ?? Number.POSITIVE_INFINITY) - this.#options.clock.monotonicMs();
    const most = this.#running?.built.conf["stop.timeout"] ?? millis(0); // batches have run
    this.#ending = new Ending(error, millis(Math.max(1_000, Math.min(most, limitMs))), {
      thread: this.#thread,
      clock: this.#options.clock,
      warn: (message) => this.#warn(message),
      over: () => this.#finish(error),
    });
  }

  #observe(event: EngineEvent): void {
    if (this.#watched) this.#thread.send({ type: "observe", event });
  }

  #reportExecutors(): void {
    this.#options.onEvent({ type: "executors", executors: this.#executors?.ready.length ?? 0 });
  }

  #warn(message: string): void {
    this.#warnings.warn(warningOf(message));
  }

  #fail(error: Error): void {
    this.#finish(this.#ending?.error ?? toWireError(error));
  }

  #finish(error: WireError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#gather?.cancel();
    this.#drain?.cancel();
    this.#alone?.cancel();
    this.#ending?.cancel();
    this.#running?.batches.close();
    // First of all, so that nobody takes the ends of executors' processes for losses.
    this.#options.onEvent({ type: "ended", error });
    for (const session of this.#early) session.close();
    this.#executors?.shutdown(error === undefined);
    void Promise.allSettled([this.#thread.terminate(), this.#data.close()]).then(() => this.#end.resolve(error));
  }
}
