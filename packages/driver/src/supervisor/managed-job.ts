import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type Clock,
  type Deferred,
  deferred,
  directoryUnusable,
  EngineError,
  type ExecutorId,
  fromWireError,
  type JobId,
  type Logger,
  type Millis,
  millis,
  parseDuration,
  SteadyClock,
  systemRng,
  type Timer,
  thrownMessage,
  unreachable,
  type Warning,
  type WireError,
} from "@millrace/base";
import { installArtefact } from "@millrace/bundler";
import type { BatchSummary, JobSummary } from "@millrace/rpc";
import { beginInWords } from "@millrace/rpc/resumed";
import {
  type ExecutorFigures,
  type JobEffect,
  type JobEvent,
  type JobLifecycle,
  jobLifecycle,
  type StopRequest,
  stepJob,
  WarningLog,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import type { ExecutorMemory, JobDriverEvent } from "../job/events.ts";
import { JobDriverProcess } from "./job-driver-process.ts";
import { JobLog } from "./job-log.ts";
import type { FromJobProcess, JobListen } from "./job-process-protocol.ts";

/** The time for a job's driver process to exit when told to. */
const EXIT_GRACE = parseDuration("5s");
/**
 * Time added to `stop.timeout`, which the job's driver process enforces, so that a drained job can tell user code and
 * exit.
 */
const DRAIN_OVERRUN = parseDuration("15s");
const RESTART_PAUSE = { min: parseDuration("200ms"), max: parseDuration("30s") };
const STEADY_AFTER = parseDuration("60s");
const BATCHES_MAX = 1_000;

export interface ManagedJobOptions {
  readonly id: JobId;
  readonly name: string | undefined;
  readonly fallbackName: string;
  readonly packed: Uint8Array;
  readonly args: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Its driver process has a token of its own. */
  readonly listen: Omit<JobListen, "token">;
  readonly heapBytes: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The number of executors that will be told to join. */
  executorsKnown(): number;
  /** The longest pause before its driver process is restarted. */
  readonly restartPauseMax?: Millis | undefined;
  /** The job's driver listens at this port, and needs this memory on each executor: start the job there. */
  startExecutors(driver: JobDriverPort, memory: ExecutorMemory): void;
  stopExecutors(): void;
  onEnded(): void;
}

/** Where executors reach the driver process of a job. */
export interface JobDriverPort {
  readonly port: number;
  readonly token: string;
}

/** One job in the supervisor: its process, its log, and its view for operators. */
export class ManagedJob {
  readonly id: JobId;
  readonly log: JobLog;
  readonly accepted: Deferred<void> = deferred();
  readonly ended: Deferred<void> = deferred();
  readonly #options: ManagedJobOptions;
  readonly #state: JobLifecycle;
  readonly #machine: Dispatcher<JobEvent, JobEffect>;
  readonly #submittedAt: number;
  #process: JobDriverProcess | undefined;
  #module = "";
  #port: JobDriverPort | undefined;
  #memory: ExecutorMemory | undefined;
  #wake: Timer | undefined;
  #name: string;
  #endedAt: number | undefined;
  #intervalMs: number | undefined;
  #executors = 0;
  #completed = 0;
  #failed = 0;
  #waiting = 0;
  #spilledBytes = 0;
  #restarts = 0;
  #batchLog: JobSummary["log"];
  readonly #warnings = new WarningLog();
  /** The clock of the machine: deadlines do not move when the wall clock is set. */
  readonly #steady: Clock;
  readonly #batches = new Map<number, BatchSummary>();
  /** By executor of the job. */
  readonly #figures = new Map<ExecutorId, ExecutorFigures>();

  /**
   * Writes the job's files where its processes find them.
   *
   * @throws DIRECTORY_UNUSABLE The disk is full, or the data directory has become unusable since the driver started.
   */
  static async create(options: ManagedJobOptions): Promise<ManagedJob> {
    const { directory, packed } = options;
    try {
      await mkdir(directory, { recursive: true });
      const installed = await installArtefact(packed, join(directory, "code"));
      await writeFile(join(directory, "artefact"), packed);
      return new ManagedJob(options, installed.driver);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw directoryUnusable(
        `the job's files could not be written to ${resolve(directory)}: ${thrownMessage(error)}. The job was not started; the driver and its other jobs go on. ` +
          "Fix that directory or free space there, or start the driver with another --data-dir.",
        { cause: error, fields: { path: directory } },
      );
    }
  }

  private constructor(options: ManagedJobOptions, module: string) {
    this.id = options.id;
    this.log = new JobLog(join(options.directory, "job.log"), options.clock);
    this.#options = options;
    this.#module = module;
    this.#name = options.name ?? options.fallbackName;
    this.#steady = new SteadyClock(options.clock);
    this.#submittedAt = options.clock.now();
    const max = options.restartPauseMax ?? RESTART_PAUSE.max;
    this.#state = jobLifecycle({
      overrun: DRAIN_OVERRUN,
      exitGrace: EXIT_GRACE,
      restartDelay: { min: millis(Math.min(RESTART_PAUSE.min, max)), max },
      steadyAfter: STEADY_AFTER,
      rng: systemRng(),
    });
    this.#machine = new Dispatcher(
      (event) => stepJob(this.#state, event),
      (effect) => this.#perform(effect),
    );
  }

  get over(): boolean {
    return this.#endedAt !== undefined;
  }

  get killed(): boolean {
    return this.#state.state === "killed";
  }

  start(): void {
    this.#machine.dispatch({ type: "submitted", at: this.#steady.now() });
  }

  stop(how: StopRequest): void {
    const at = this.#steady.now();
    const { graceful } = how;
    this.#machine.dispatch(
      graceful ? { type: "stopRequested", at } : { type: "killRequested", at, reason: how.reason },
    );
  }

  executorExited(executor: ExecutorId, error: WireError): void {
    this.#process?.send({ type: "executorExited", executor, error });
  }

  warn(warning: Warning): void {
    this.#warnings.raise(warning, this.#options.clock.now());
  }

  summary(): JobSummary {
    return {
      id: this.id,
      name: this.#name,
      state: this.#state.state === "new" ? "starting" : this.#state.state,
      submittedAt: this.#submittedAt,
      endedAt: this.#endedAt,
      batchIntervalMs: this.#intervalMs,
      batchesCompleted: this.#completed,
      batchesFailed: this.#failed,
      batchesWaiting: this.over ? 0 : this.#waiting,
      spilledBytes: this.#spilledBytes,
      executors: this.over ? 0 : this.#executors,
      restarts: this.#restarts,
      log: this.#batchLog,
      error: this.#state.error,
      warnings: this.#warnings.list(),
      driverPid: this.over ? undefined : this.#process?.pid,
      executorFigures: [...this.#figures.values()],
    };
  }

  /** An executor's figures for it; `undefined` if unknown. */
  figuresOf(executor: ExecutorId): ExecutorFigures | undefined {
    return this.#figures.get(executor);
  }

  batches(): readonly BatchSummary[] {
    return [...this.#batches.values()];
  }

  #perform(effect: JobEffect): void {
    switch (effect.type) {
      case "startDriver":
        return this.#startDriver();
      case "restarting":
        return this.#onDied(effect.warning);
      case "drainDriver":
        return this.#process?.send({ type: "stop", how: { graceful: true } });
      case "stopDriver":
        return this.#process?.send({ type: "stop", how: { graceful: false, reason: effect.reason } });
      case "killDriver":
        return this.#process?.kill();
      case "startExecutors":
        return undefined; // `#startExecutors` does it as soon as the port is known
      case "stopExecutors":
        return this.#options.stopExecutors();
      case "accepted":
        return this.accepted.resolve();
      case "rejected":
        return this.accepted.reject(fromWireError(effect.error));
      case "wakeAt":
        this.#wake?.cancel();
        this.#wake = this.#steady.after(millis(Math.max(0, effect.at - this.#steady.now())), () =>
          this.#machine.dispatch({ type: "tick", at: this.#steady.now() }),
        );
        return;
      case "cancelWake":
        return this.#wake?.cancel();
      case "ended":
        return this.#onEnded(effect.error);
      default:
        return unreachable(effect);
    }
  }

  #startDriver(): void {
    const { id, args, conf, directory, heapBytes } = this.#options;
    const token = randomBytes(24).toString("base64url");
    const process = new JobDriverProcess(
      { job: id, log: this.log, heapBytes },
      {
        onMessage: (message) => {
          if (process === this.#process) this.#onMessage(message, token);
        },
        onExit: (error) => this.#machine.dispatch({ type: "driverExited", at: this.#steady.now(), error }),
      },
    );
    this.#process = process;
    process.send({
      type: "start",
      job: id,
      name: this.#options.name,
      module: this.#module,
      artefact: join(directory, "artefact"),
      args,
      conf,
      dataDir: directory,
      listen: { ...this.#options.listen, token },
      heapBytes,
      executors: Math.max(1, this.#options.executorsKnown()),
    });
    if (process.pid !== undefined)
      this.#machine.dispatch({ type: "driverStarted", at: this.#steady.now(), pid: process.pid });
  }

  #onMessage(message: FromJobProcess, token: string): void {
    switch (message.type) {
      case "event":
        return this.#onEvent(message.event);
      case "crashed":
        return this.#machine.dispatch({ type: "crashing", at: this.#steady.now(), error: message.error });
      case "listening":
        this.#port = { port: message.port, token };
        return this.#startExecutors();
      default:
        return unreachable(message);
    }
  }

  /** Nothing of its driver process is left but its log; the next one reports anew. */
  #onDied(warning: Warning): void {
    this.#port = undefined;
    this.#memory = undefined;
    this.#executors = 0;
    this.#waiting = 0;
    this.#restarts += 1;
    this.#figures.clear();
    this.#warnings.endConditions();
    for (const [time, batch] of this.#batches)
      if (batch.state === "running") this.#batches.set(time, { ...batch, state: "waiting" });
    this.#tell(warning);
  }

  /** A warning of the supervisor, for `status` and for the job's log. */
  #tell(warning: Warning): void {
    this.warn(warning);
    this.#options.log.warn({ job: this.id, code: warning.code }, `job ${this.id}: ${warning.message}`);
    this.log.tell("warn", warning.message);
  }

  /** Starts the job on the executors once its driver's port and its memory are known. */
  #startExecutors(): void {
    if (this.#port !== undefined && this.#memory !== undefined) this.#options.startExecutors(this.#port, this.#memory);
  }

  #onEvent(event: JobDriverEvent): void {
    const at = this.#steady.now();
    switch (event.type) {
      case "built":
        this.#name = event.name;
        this.#intervalMs = event.batchIntervalMs;
        this.#memory = event.memory;
        this.#batchLog = event.log;
        if (event.log !== undefined) this.log.tell(this.#restarts === 0 ? "info" : "warn", beginInWords(event.log));
        this.#startExecutors();
        return this.#machine.dispatch({
          type: "built",
          at,
          job: {
            stopTimeout: event.stopTimeout,
            resumable: event.log !== undefined,
            restartsMax: event.restartsMax,
          },
        });
      case "running":
      case "executors":
        this.#executors = event.executors;
        return;
      case "batch":
        return this.#onBatch(event.batch);
      case "waiting":
        this.#waiting = event.batches;
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
        return this.#machine.dispatch({ type: "ending", at, end: event.end });
      default:
        return unreachable(event);
    }
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

  #onEnded(error: WireError | undefined): void {
    this.#endedAt = this.#options.clock.now();
    // Its process may have exited without a report.
    for (const [time, batch] of this.#batches)
      if (batch.state === "running") this.#batches.set(time, { ...batch, state: "cancelled" });
    this.#figures.clear();
    this.#wake?.cancel();
    this.log.end();
    const fields = { job: this.id, state: this.#state.state };
    if (error === undefined) this.#options.log.info(fields, `job ${this.id} ended`);
    else this.#options.log.error(fields, `job ${this.id} is ${this.#state.state}: ${error.message}`);
    this.#options.onEnded();
    this.ended.resolve();
  }
}
