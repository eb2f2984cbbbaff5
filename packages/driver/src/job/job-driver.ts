import {
  assert,
  type Clock,
  deferred,
  type ExecutorId,
  type JobId,
  type Logger,
  millis,
  type TakeOutput,
  toWireError,
  unreachable,
  type WireError,
} from "@millrace/base";
import type { ExecutorSession, FromExecutor, ResumedSummary } from "@millrace/rpc";
import {
  type JobEnd,
  type JobLife,
  type JobLifeEffect,
  type JobLifeEvent,
  jobLife,
  type ResumedBatches,
  type StopRequest,
  stepJobLife,
} from "@millrace/scheduler";
import { Alarm } from "../alarm.ts";
import { Dispatcher } from "../dispatcher.ts";
import { DrainReport } from "./drain-report.ts";
import { type DriverData, type DriverDataOptions, openDriverData } from "./driver-data.ts";
import type { JobDriverEvent } from "./events.ts";
import type { ExecutorInfo } from "./executor-link.ts";
import { Executors } from "./executors.ts";
import { JobWarnings } from "./job-warnings.ts";
import { resumedSummary } from "./resumed-summary.ts";
import { type Built, RunningJob } from "./running-job.ts";
import type { JobThread, OpenJobThread } from "./thread/job-thread.ts";
import type { Answer, FromJobThread } from "./thread/protocol.ts";
import { Zones } from "./zones.ts";

export interface JobDriverOptions {
  readonly job: JobId;
  /** `--name`; by default the job's own. */
  readonly name: string | undefined;
  /** Opens the thread in which the job's own code runs. */
  readonly thread: OpenJobThread;
  /** The packed artefact, served to executors. */
  readonly artefact: Uint8Array;
  readonly args: readonly string[];
  /** `--drop`: names of what may be dropped from the checkpoint. */
  readonly drop: readonly string[];
  /** Settings of this start, checked together with the job's own. */
  readonly conf: Readonly<Record<string, string>>;
  /** Checkpoints are stored below it if the job names no directory. */
  readonly dataDir: string;
  /** `driver.heap` without the job's own `conf`. */
  readonly heapBytes: number;
  /** End after this many batches. */
  readonly batches: number | undefined;
  /** End when the inputs have given what they held at the start. */
  readonly availableNow: boolean;
  readonly data: DriverDataOptions;
  /** False if the only executor is in the driver's process; otherwise several may join, even later. */
  readonly cluster: boolean;
  /** Start batches once this many executors are ready, or after `gatherMs` with any number. */
  readonly executors: number;
  readonly gatherMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The remedy in NO_EXECUTORS: the way to get executors in this environment. */
  readonly executorsHint: string;
  readonly onEvent: (event: JobDriverEvent) => void;
  /** Takes the output of `print()` and of user code on the driver. */
  readonly output: TakeOutput;
}

/**
 * The main thread of one job's driver process: carries out what the job's life (`jobLife`) decides, and routes messages
 * from the job thread and from executors. It decides nothing itself, and user code cannot block it.
 */
export class JobDriver {
  readonly #options: JobDriverOptions;
  readonly #life: JobLife;
  readonly #machine: Dispatcher<JobLifeEvent, JobLifeEffect>;
  readonly #drains: DrainReport;
  readonly #alarm: Alarm;
  readonly #thread: JobThread;
  readonly #data: DriverData;
  readonly #warnings: JobWarnings;
  readonly #zones: Zones;
  readonly #executors: Executors;
  #built: Built | undefined;
  #running: RunningJob | undefined;
  /** The job has listeners. */
  #watched = false;
  #ended = false;
  readonly #end = deferred<JobEnd>();

  /** Starts the job's thread and builds the graph; executors may join at once. */
  static async start(options: JobDriverOptions): Promise<JobDriver> {
    return new JobDriver(options, await openDriverData(options.data, options.heapBytes));
  }

  private constructor(options: JobDriverOptions, data: DriverData) {
    const { job, clock, log } = options;
    this.#options = options;
    this.#data = data;
    this.#warnings = new JobWarnings(options);
    this.#zones = new Zones(this.#warnings.warn);
    this.#life = jobLife({
      executors: options.executors,
      gather: millis(options.gatherMs),
      parallelismMin: options.cluster ? 2 : 1,
    });
    this.#machine = new Dispatcher(
      (event) => stepJobLife(this.#life, event),
      (effect) => this.#perform(effect),
      () => this.#drains.changed(),
    );
    this.#alarm = new Alarm(clock, (at) => this.#machine.dispatch({ type: "tick", at }));
    this.#drains = new DrainReport(clock, () => ({ life: this.#life, running: this.#running }), options.onEvent);
    this.#executors = new Executors({
      job,
      clock,
      log,
      warn: this.#warnings.warn,
      onReady: (info) => this.#onExecutorReady(info),
      onUnfit: (executor, error) => this.#machine.dispatch({ type: "executorUnfit", executor, error }),
      onLeaving: (executor) => {
        this.#running?.leaving(executor);
        this.#drains.look();
      },
      onLost: (executor, error) => this.#onExecutorLost(executor, error),
      onMessage: (executor, message) => this.#onExecutorMessage(executor, message),
      onAllSettled: () => this.#machine.dispatch({ type: "settled" }),
    });
    this.#thread = options.thread(
      {
        heapBytes: options.heapBytes,
        output: options.output,
        build: {
          name: options.name,
          args: options.args,
          drop: options.drop,
          compareWith: undefined,
          conf: options.conf,
          directory: `${options.dataDir}/checkpoint`,
          looksOnly: false,
          probes: options.cluster,
          connects: false,
          availableNow: options.availableNow,
        },
      },
      { onMessage: (message) => this.#onThread(message), onLost: (error) => this.#fail(toWireError(error)) },
    );
  }

  /** Settles when the job has ended. */
  get ended(): Promise<JobEnd> {
    return this.#end.promise;
  }

  accept(session: ExecutorSession): void {
    this.#executors.accept(session);
  }

  /** Reports why an executor's process ended, for the errors of tasks that ran there. */
  explainLoss(executor: ExecutorId, error: WireError): void {
    this.#executors.explain(executor, error);
  }

  /** Ends the job: if graceful, after the received data; otherwise at once. */
  stop(how: StopRequest): void {
    this.#machine.dispatch({ type: "stopRequested", how, at: this.#now() });
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #fail(error: WireError): void {
    this.#machine.dispatch({ type: "failed", error });
  }

  #perform(effect: JobLifeEffect): void {
    switch (effect.type) {
      case "warning":
        return this.#warnings.warn(effect.warning);
      case "warningOver":
        return this.#warnings.warningOver(effect);
      case "startBatches":
        return this.#startBatches(effect.executors, effect.parallelism);
      case "stopBatches":
        this.#running?.drain();
        return this.#drains.look();
      case "cutBatches":
        return this.#running?.cut();
      case "tellEnd": {
        const { end } = effect;
        return this.#thread.send({ type: "end", error: end.state === "finished" ? undefined : end.error });
      }
      case "leave":
        return void this.#thread
          .leave()
          .then((error) => this.#machine.dispatch({ type: "left", error: error?.message, at: this.#now() }));
      case "settle":
        return this.#executors.settle();
      case "wakeAt":
        return this.#alarm.set(effect.at);
      case "cancelWake":
        return this.#alarm.cancel();
      case "ended":
        return this.#finish(effect.end);
      default:
        return unreachable(effect);
    }
  }

  #onThread(message: FromJobThread): void {
    if (this.#ended) return;
    switch (message.type) {
      case "heap":
        return this.#data.blocks.limit(message.heapBytes);
      case "built":
        return this.#onBuilt(message);
      case "failed":
        return this.#fail(message.error);
      case "runPlan":
        return this.#answer(message.id, this.#running?.runPlan(message.plan));
      case "putBlock":
        return this.#answer(message.id, (async () => this.#data.blocks.put(message.name, message.parts))());
      case "dropBlocks":
        for (const id of message.blocks) this.#data.blocks.drop(id);
        return this.#executors.tidyAll({ type: "dropBlocks", blocks: message.blocks });
      case "released":
        return this.#running?.onReleased(message.times, message.shuffles);
      case "inputFixed":
        return this.#running?.onInputFixed(message.time, message.inputs, message.more);
      case "outputsDone":
        return this.#running?.onOutputsDone(message.time, message.outcome);
      case "proved":
        return this.#running?.onProved();
      case "logged":
        return this.#running?.onLogged(message.time);
      case "endLogged":
        return this.#running?.onEndLogged();
      case "committed":
        return this.#running?.onCommitted(message.time, message.refused);
      case "discarded":
        return this.#running?.onDiscarded();
      case "warn":
        return this.#warnings.warn(message.warning);
      case "warningOver":
        return this.#warnings.warningOver(message.over);
      case "stopJob":
        return this.stop(message.graceful ? { graceful: true } : { graceful: false, reason: { kind: "job" } });
      case "watch":
        this.#watched = message.on;
        return this.#running?.watch(message.on);
      case "ended":
        return this.#machine.dispatch({ type: "told", goesOn: message.goesOn, at: this.#now() });
      default:
        return unreachable(message);
    }
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
    const { conf, name, batchIntervalMs, log, probe } = built;
    try {
      const artefact = this.#data.blocks.putArtefact(this.#options.artefact);
      const receivedLog = log && { directory: log.directory, epoch: log.epoch };
      this.#executors.open({ conf, artefact, data: this.#data.address, receivedLog, probe });
    } catch (error) {
      return this.#fail(toWireError(error)); // such as an artefact too large for its heap
    }
    this.#built = built;
    const stopTimeout = conf["stop.timeout"];
    this.#options.onEvent({
      type: "built",
      name,
      batchIntervalMs,
      memory: { slotHeapBytes: conf["executor.slot.heap"], poolBytes: conf["storage.pool.bytes"] },
      stopTimeout,
      restartsMax: conf["driver.restarts.max"],
      log: log && {
        ...log,
        resumed: log.resumed && this.#resumed(log.resumed, built),
      },
    });
    const resumes = log?.resumed !== undefined;
    const settings = { stopTimeout, parallelism: conf["default.parallelism"], resumes };
    this.#machine.dispatch({ type: "built", settings, at: this.#now() });
  }

  #resumed(resumed: ResumedBatches, { batchIntervalMs, conf }: Built): ResumedSummary {
    const { clock, availableNow } = this.#options;
    const together = availableNow || conf["batches.missed"] === "one";
    return resumedSummary(resumed, { interval: millis(batchIntervalMs), together, now: clock.now() });
  }

  #startBatches(executors: number, defaultParallelism: number): void {
    assert(this.#built !== undefined, "batches start once the job is built");
    const { clock, batches, availableNow, cluster, onEvent } = this.#options;
    this.#running = new RunningJob(this.#built, this.#watched, {
      clock,
      batches,
      availableNow,
      onEvent,
      executors: this.#executors,
      data: this.#data,
      thread: this.#thread,
      defaultParallelism,
      warnings: this.#warnings,
      replicate: cluster,
      onChanged: () => this.#drains.changed(),
      onReceiversAwaited: () => this.#machine.dispatch({ type: "receiversAwaited", at: this.#now() }),
      onBatchesEnded: (end, received, busy) =>
        this.#machine.dispatch({ type: "batchesEnded", end, received, busy, at: this.#now() }),
      onThreadIdle: () => this.#machine.dispatch({ type: "threadIdle" }),
    });
    this.#running.start();
    onEvent({ type: "running", executors });
  }

  #onExecutorReady(info: ExecutorInfo): void {
    this.#zones.onExecutor(info, this.#options.clock.now());
    this.#running?.join(info);
    this.#reportExecutors();
  }

  #onExecutorLost(executor: ExecutorId, error: WireError): void {
    this.#running?.lost(executor, error);
    this.#reportExecutors();
  }

  #onExecutorMessage(executor: ExecutorId, message: FromExecutor): void {
    if (message.type === "failed") return this.#fail(message.error);
    if (message.type === "trouble") this.#warnings.ofExecutor(executor, message.error);
    this.#running?.onMessage(executor, message);
  }

  #reportExecutors(): void {
    const { ready } = this.#executors;
    const slots = ready.reduce((sum, info) => sum + info.slots, 0);
    this.#options.onEvent({ type: "executors", executors: ready.length });
    this.#machine.dispatch({ type: "executors", ready: ready.length, slots, at: this.#now() });
  }

  #finish(end: JobEnd): void {
    this.#ended = true;
    this.#drains.end();
    this.#running?.close();
    // First, so that executor processes that end do not count as lost.
    this.#options.onEvent({ type: "ended", end });
    this.#executors.shutdown(end.state === "finished");
    void Promise.allSettled([this.#thread.terminate(), this.#data.close()]).then(() => this.#end.resolve(end));
  }
}
