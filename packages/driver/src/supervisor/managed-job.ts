import { readFile, rm, writeFile } from "node:fs/promises";
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
  type Millis,
  makeDirectory,
  millis,
  processIdentity,
  SteadyClock,
  type Timer,
  thrownMessage,
  toWireError,
  unreachable,
  type Warning,
  type WarningFactory,
  type WireError,
  warningKind,
} from "@millrace/base";
import { installArtefact } from "@millrace/bundler";
import type { JobSummary } from "@millrace/rpc";
import { beginInWords } from "@millrace/rpc/resumed";
import {
  type JobEffect,
  type JobEvent,
  type JobLifecycle,
  jobLifecycle,
  type StopRequest,
  stepJob,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";
import type { ExecutorMemory, JobDriverEvent } from "../job/events.ts";
import { goesOn, interrupted, orphanGone } from "./interrupted-job.ts";
import { JobDriverProcess } from "./job-driver-process.ts";
import { JobLog } from "./job-log.ts";
import type { FromJobProcess } from "./job-process-protocol.ts";
import { type JobChange, type JobRecord, JobRecordFile } from "./job-record.ts";
import { JobView } from "./job-view.ts";
import { type JobDriverPort, lifecycleSettings, type ManagedJobOptions, newRecord } from "./managed-job-options.ts";

const jobNotRecorded: WarningFactory = warningKind("JOB_NOT_RECORDED");

/** One job in the supervisor: its process, its log, its record, and its view for operators. */
export class ManagedJob {
  readonly id: JobId;
  readonly log: JobLog;
  readonly accepted: Deferred<void> = deferred();
  readonly ended: Deferred<void> = deferred();
  readonly #options: ManagedJobOptions;
  readonly #state: JobLifecycle;
  readonly #machine: Dispatcher<JobEvent, JobEffect>;
  readonly #view: JobView;
  readonly #submittedAt: number;
  #process: JobDriverProcess | undefined;
  #module = "";
  #port: JobDriverPort | undefined;
  #memory: ExecutorMemory | undefined;
  #wake: Timer | undefined;
  /** The clock of the machine: deadlines do not move when the wall clock is set. */
  readonly #steady: Clock;
  /** What a later supervisor has to know of the job. */
  readonly #record: JobRecordFile;
  #over = false;
  /** Its current driver process has its first executors. */
  #gathered = false;
  /** The supervisor is told to end, and the job drains for that reason alone. */
  #interrupted = false;

  /**
   * Writes the job's files where its processes find them.
   *
   * @throws DIRECTORY_UNUSABLE The disk is full, or the data directory has become unusable since the driver started.
   */
  static async create(options: ManagedJobOptions, packed: Uint8Array): Promise<ManagedJob> {
    const { directory } = options;
    try {
      await rm(directory, { recursive: true, force: true }); // of a submission that was cut off
      makeDirectory(resolve(directory));
      await writeFile(join(directory, "artefact"), packed);
      const job = new ManagedJob(options, newRecord(options));
      await job.#install(packed);
      await job.#record.create();
      return job;
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw directoryUnusable(
        `the job's files could not be written to ${resolve(directory)}: ${thrownMessage(error)}. The job was not started; the driver and its other jobs go on. ` +
          "Fix that directory or free space there, or start the driver with another --data-dir.",
        { cause: error, fields: { path: directory } },
      );
    }
  }

  /** A job that an earlier supervisor ran: one that had not ended goes on when it is told to {@link resume}. */
  static restored(options: ManagedJobOptions, record: JobRecord): ManagedJob {
    const job = new ManagedJob(options, record);
    job.accepted.resolve(); // nobody waits for it any more
    if (record.end?.resumes === false) job.#isOver();
    return job;
  }

  private constructor(options: ManagedJobOptions, record: JobRecord) {
    const { clock, directory } = options;
    this.id = options.id;
    this.log = new JobLog(join(directory, "job.log"), clock);
    this.#options = options;
    this.#record = new JobRecordFile(directory, record, { clock, onError: (reason) => this.#onNotRecorded(reason) });
    this.#view = new JobView(record.built?.name ?? options.name ?? options.fallbackName);
    this.#view.intervalMs = record.built?.batchIntervalMs;
    if (record.built?.log !== undefined) this.#view.log = { directory: record.built.log, resumed: undefined };
    this.#view.restore(record.counts);
    this.#steady = new SteadyClock(clock);
    this.#submittedAt = record.submittedAt;
    this.#state = jobLifecycle(lifecycleSettings(options));
    this.#machine = new Dispatcher(
      (event) => stepJob(this.#state, event),
      (effect) => this.#perform(effect),
    );
  }

  get over(): boolean {
    return this.#over;
  }

  get killed(): boolean {
    return this.#state.state === "killed";
  }

  start(): void {
    this.#machine.dispatch({ type: "submitted", at: this.#steady.now() });
  }

  /** {@link resume} starts a driver process. */
  get willResume(): boolean {
    return !this.over && goesOn(this.#record.current);
  }

  /** Goes on from the job's log, or ends the job if it has none. Nothing happens if it is over. */
  async resume(): Promise<void> {
    const { current } = this.#record;
    const { built, driver, end, stopping } = current;
    if (this.over) return;
    const error = interrupted(current);
    try {
      if (driver !== undefined) await orphanGone(driver, this.#options.clock);
      if (!goesOn(current)) throw error;
      const packed = await readFile(join(this.#options.directory, "artefact"));
      await this.#install(packed);
    } catch (reason) {
      const { state, at } = end ?? { state: stopping ? "killed" : "failed", at: this.#options.clock.now() };
      this.#keep({ end: { state, at, error: toWireError(reason), resumes: false } });
      return this.#isOver();
    }
    this.#keep({ end: undefined, driver: undefined });
    const job = {
      stopTimeout: millis(built?.stopTimeoutMs ?? 0),
      resumable: true,
      restartsMax: built?.restartsMax ?? 0,
    };
    this.#machine.dispatch({ type: "restored", at: this.#steady.now(), job, error: toWireError(error) });
  }

  stop(how: StopRequest): void {
    if (!this.over) this.#keep({ stopping: true });
    this.#stop(how);
  }

  #stop(how: StopRequest): void {
    const at = this.#steady.now();
    const { graceful } = how;
    this.#machine.dispatch(
      graceful ? { type: "stopRequested", at } : { type: "killRequested", at, reason: how.reason },
    );
  }

  /** Drains the job because the supervisor ends: the next one on this data directory goes on with it. */
  interrupt(): void {
    this.#interrupted = this.#state.phase === "alive" || this.#state.phase === "pausing";
    this.#stop({ graceful: true });
  }

  /** {@link interrupt}, but at once: its drain has taken too long. */
  cut(limit: Millis): void {
    if (!this.over) this.#stop({ graceful: false, reason: { kind: "grace", limit } });
  }

  executorExited(executor: ExecutorId, error: WireError): void {
    this.#process?.send({ type: "executorExited", executor, error });
  }

  warn(warning: Warning): void {
    this.#view.warn(warning, this.#options.clock.now());
  }

  /** What its driver processes report. */
  get view(): Pick<JobView, "batches" | "figuresOf" | "waits" | "waitsOf"> {
    return this.#view;
  }

  summary(): JobSummary {
    const { end, built } = this.#record.current;
    const { state, error } = this.#state;
    const before = built === undefined ? "starting" : "restarting";
    return {
      ...this.#view.summary(),
      id: this.id,
      state: this.over && end !== undefined ? end.state : state === "new" ? before : state,
      submittedAt: this.#submittedAt,
      endedAt: end?.at,
      error: this.over ? end?.error : error,
      driverPid: this.over ? undefined : this.#process?.pid,
    };
  }

  async #install(packed: Uint8Array): Promise<void> {
    this.#module = (await installArtefact(packed, join(this.#options.directory, "code"))).driver;
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
      case "holdExecutors":
        return this.#options.holdExecutors();
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
        return this.#onEnded(effect.state, effect.error);
      default:
        return unreachable(effect);
    }
  }

  #startDriver(): void {
    const { id, args, drop, availableNow, conf, directory, heapBytes } = this.#options;
    const { token } = this.#record.current;
    const run = this.#options.clock.now();
    const executors = this.#expected();
    this.#gathered = false;
    const process = new JobDriverProcess(
      { job: id, log: this.log, heapBytes },
      {
        onMessage: (message) => {
          if (process === this.#process) this.#onMessage(message, run);
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
      ...{ args, drop, availableNow, conf },
      dataDir: directory,
      listen: { ...this.#options.listen, token },
      heapBytes,
      executors,
    });
    if (process.pid === undefined) return;
    this.#keep({ driver: processIdentity(process.pid) });
    this.#machine.dispatch({ type: "driverStarted", at: this.#steady.now(), pid: process.pid });
  }

  #onMessage(message: FromJobProcess, run: number): void {
    switch (message.type) {
      case "event":
        return this.#onEvent(message.event);
      case "crashed":
        return this.#machine.dispatch({ type: "crashing", at: this.#steady.now(), error: message.error });
      case "listening":
        this.#port = { port: message.port, token: this.#record.current.token, run };
        return this.#startExecutors();
      default:
        return unreachable(message);
    }
  }

  /** Nothing of its driver process is left but its log; the next one reports anew. */
  #onDied(warning: Warning): void {
    this.#port = undefined;
    this.#memory = undefined;
    this.#view.onDied();
    this.#options.onWaits();
    this.warn(warning);
    this.#tell(warning.message, warning.code);
  }

  /** A line in the log of the job, and in that of the driver. */
  #tell(message: string, code: string): void {
    this.#options.log.warn({ job: this.id, code }, `job ${this.id}: ${message}`);
    this.log.tell("warn", message);
  }

  /** Starts the job on the executors once its driver's port and its memory are known. */
  #startExecutors(): void {
    if (this.#port !== undefined && this.#memory !== undefined) this.#options.startExecutors(this.#port, this.#memory);
  }

  #onEvent(event: JobDriverEvent): void {
    this.#view.onEvent(event);
    if (event.type === "draining" || event.type === "leaving") this.#options.onWaits();
    const at = this.#steady.now();
    if (event.type === "built") this.#onBuilt(event);
    else if (event.type === "batch" && goesOn(this.#record.current)) this.#record.count(this.#view.counts);
    else if (event.type === "running" || event.type === "executors") this.#onExecutors(event);
    else if (event.type === "ended") this.#machine.dispatch({ type: "ending", at, end: event.end });
  }

  #onBuilt({ name, batchIntervalMs, memory, stopTimeout, restartsMax, log }: Built): void {
    const resumable = log !== undefined;
    this.#memory = memory;
    if (resumable) this.log.tell(this.#state.job === undefined ? "info" : "warn", beginInWords(log));
    this.#startExecutors();
    const built = { name, batchIntervalMs, stopTimeoutMs: stopTimeout, resumable, restartsMax };
    this.#keep({ built: resumable ? { ...built, log: log.directory } : built });
    const job = { stopTimeout, resumable, restartsMax };
    this.#machine.dispatch({ type: "built", at: this.#steady.now(), job });
  }

  /** A later supervisor, to which none has come yet, has the job's driver wait for as many. */
  #onExecutors({ type, executors }: Extract<JobDriverEvent, { readonly type: "running" | "executors" }>): void {
    if (type === "running") this.#gathered = true;
    if (this.#gathered && executors !== this.#record.current.executors) this.#keep({ executors });
  }

  /** The number of executors to wait for. */
  #expected(): number {
    const restored = this.#process === undefined && this.#record.current.built !== undefined;
    return Math.max(1, this.#options.executorsKnown(), restored ? this.#record.current.executors : 0);
  }

  #onEnded(state: "finished" | "failed" | "killed", error: WireError | undefined): void {
    const resumes = this.#interrupted && state !== "failed" && goesOn(this.#record.current);
    const at = this.#options.clock.now();
    this.#keep({ end: { state, at, resumes, ...(error === undefined ? {} : { error }) } });
    const fields = { job: this.id, state };
    const next = resumes ? "; it goes on when a driver is started on this data directory" : "";
    if (error === undefined) this.#options.log.info(fields, `job ${this.id} ended${next}`);
    else this.#options.log.error(fields, `job ${this.id} is ${state}: ${error.message}`);
    this.#isOver();
  }

  #isOver(): void {
    this.#over = true;
    this.#view.onEnded();
    this.#wake?.cancel();
    this.log.end();
    this.#options.onEnded();
    this.#options.onWaits();
    void this.#record.written.then(() => this.ended.resolve());
  }

  /** Notes something for a later supervisor. */
  #keep(change: JobChange): void {
    this.#record.change({ ...change, counts: this.#view.counts });
  }

  /** The job goes on; a later supervisor may not know of it. */
  #onNotRecorded(reason: string): void {
    const where = resolve(this.#options.directory);
    const message = `job ${this.id} is not recorded in ${where}: ${reason}. It goes on; if the driver is restarted, it may not. Free space there.`;
    const warning = jobNotRecorded("", message);
    this.warn(warning);
    this.#options.log.warn({ job: this.id, code: warning.code }, warning.message);
  }
}

type Built = Extract<JobDriverEvent, { readonly type: "built" }>;
