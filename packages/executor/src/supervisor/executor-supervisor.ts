import { hostname, networkInterfaces } from "node:os";
import {
  Backoff,
  type BackoffRange,
  type Clock,
  EngineError,
  type ExecutorId,
  formatDuration,
  fromWireError,
  type JobId,
  type Logger,
  type Millis,
  millis,
  StreamTaker,
  systemRng,
  type TakeOutput,
  type Timer,
  toWireError,
  unreachable,
  usableDirectory,
} from "@millrace/base";
import {
  type ClusterSession,
  checkBind,
  type DataAddress,
  formatAddress,
  PROTOCOL_VERSION,
  serverCertificate,
  type TlsSettings,
  type ToMember,
} from "@millrace/rpc";
import { dialCluster } from "@millrace/rpc/grpc";
import { graceOver } from "../errors.ts";
import { type MemorySplit, requireLeastMemory, splitMemory } from "../memory.ts";
import { JobExecutorProcess } from "./job-executor-process.ts";
import { WorkFolder } from "./work-folder.ts";

export interface ExecutorSupervisorOptions {
  /** The driver supervisor. */
  readonly driver: DataAddress;
  readonly token: string | undefined;
  readonly tls?: TlsSettings;
  readonly executor: ExecutorId;
  readonly slots: number;
  /** Memory limit of each job's process. */
  readonly memoryBytes: number;
  /** The address on which data servers listen; beyond loopback only with a token or `insecure`. */
  readonly host: string;
  /** The host that other processes dial; derived from `host` if absent. */
  readonly advertise?: string;
  readonly insecure?: boolean;
  readonly workDir: string;
  /** How long its jobs may take to release it. */
  readonly graceMs: number;
  /** The longest pause between two attempts to reach the driver. */
  readonly dialPauseMax?: Millis;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the output of job processes; by default this process's standard error. */
  readonly output?: TakeOutput;
}

const HEARTBEAT_MS = 1_000;
const DIAL_PAUSE = { min: millis(200), max: millis(5_000) };

function dialPause(max: Millis = DIAL_PAUSE.max): BackoffRange {
  return { min: millis(Math.min(DIAL_PAUSE.min, max)), max };
}

/** The time each process of a job gets to exit before it is killed. */
const STOP_GRACE_MS = 5_000;
/** The wait for the driver to close the session of an executor that has left. */
const LEFT_WITHIN = millis(1_000);

/** Errors for which redialling is pointless until something is changed. */
const FINAL = new Set(["PROTOCOL_MISMATCH", "UNAUTHENTICATED", "BAD_TLS"]);

/**
 * The executor supervisor: a member of the cluster for as long as it runs, with one process for each job. It
 * redials the driver until it answers, and logs each attempt. Runs no user code.
 *
 *     dialling ─welcome─▶ member ─lost─▶ pausing ─▶ dialling …     any ─stop, refused─▶ ended
 *     any ─leave─▶ leaving ─no process is left, the grace period is over─▶ ended
 */
export class ExecutorSupervisor {
  readonly #options: ExecutorSupervisorOptions;
  readonly #processes = new Map<JobId, JobExecutorProcess>();
  readonly #stderr = new StreamTaker(process.stderr);
  #session: ClusterSession | undefined;
  #member = false;
  readonly #folder: WorkFolder;
  readonly #backoff: Backoff;
  #timer: Timer | undefined;
  #heartbeat: Timer | undefined;
  #leaving: Timer | undefined;
  /** The grace period was over before its jobs had released it. */
  #cutOff: EngineError | undefined;
  #stopping: Promise<void> | undefined;
  #onDriverClosed: () => void = () => {};
  #resolveEnded: (error: Error | undefined) => void = () => {};
  /** Settles when this executor has ended for good: with the driver's reason if it was refused. */
  readonly ended: Promise<Error | undefined>;

  /** @throws INSECURE_BIND, BAD_TLS, MEMORY_TOO_SMALL, DIRECTORY_UNUSABLE */
  constructor(options: ExecutorSupervisorOptions) {
    checkBind(options.host, {
      token: options.token,
      ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    });
    if (options.tls !== undefined) serverCertificate(options.tls);
    requireLeastMemory(options.memoryBytes, options.slots);
    usableDirectory(options.workDir, "--work-dir");
    this.#options = options;
    this.#folder = new WorkFolder(options.workDir, options.executor, options.log);
    this.#backoff = new Backoff(dialPause(options.dialPauseMax), systemRng());
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#dial();
  }

  /** True while this executor is a member of the driver's cluster. */
  get connected(): boolean {
    return this.#member;
  }

  get jobs(): readonly JobId[] {
    return [...this.#processes.keys()];
  }

  /**
   * Takes no new jobs, and leaves the cluster when its jobs are over or have released it: a job that stops at the same
   * time needs what is here. What remains after `graceMs` is terminated.
   *
   * @throws GRACE_OVER Something remained.
   */
  async leave(): Promise<void> {
    this.#startLeaving();
    const error = await this.ended;
    if (error !== undefined) throw error;
  }

  #startLeaving(): void {
    if (this.#stopping !== undefined || this.#leaving !== undefined) return;
    const { graceMs, clock, log } = this.#options;
    const jobs =
      this.jobs.length === 0
        ? ""
        : ` when ${this.jobs.join(", ")} no longer need${this.jobs.length === 1 ? "s" : ""} it`;
    log.info({ jobs: this.jobs }, `this executor drains, and leaves${jobs}, within ${formatDuration(millis(graceMs))}`);
    this.#timer?.cancel(); // a lost connection is not redialled
    this.#leaving = clock.after(millis(graceMs), () => this.#graceOver(graceMs));
    this.#session?.send({ type: "leaving" });
    for (const process of this.#processes.values()) process.leave();
    this.#leaveWhenIdle();
  }

  #graceOver(graceMs: number): void {
    const jobs = [...this.#processes.keys()].join(", ");
    const error = graceOver(
      `the grace period of ${formatDuration(graceMs)} is over, and ${jobs} did not release this executor. Their processes here are terminated; ` +
        "data that only they held is recomputed or, if it was received, lost. End the driver first, or raise --grace.",
      { fields: { graceMs } },
    );
    this.#options.log.warn({ jobs: this.jobs }, error.message); // before its processes have ended
    this.#cutOff = error;
    this.#stopping ??= this.#end(STOP_GRACE_MS, error);
  }

  #leaveWhenIdle(): void {
    if (this.#leaving !== undefined && this.#processes.size === 0) void this.stop(0);
  }

  /** Leaves the cluster after the job processes have ended, each within `graceMs`. */
  stop(graceMs: number = STOP_GRACE_MS): Promise<void> {
    this.#stopping ??= this.#end(graceMs, undefined);
    return this.#stopping;
  }

  async #end(graceMs: number, error: Error | undefined): Promise<void> {
    this.#timer?.cancel();
    this.#leaving?.cancel();
    this.#heartbeat?.cancel();
    await Promise.all([...this.#processes.values()].map((process) => process.stop(graceMs)));
    if (this.#leaving !== undefined && this.#member) await this.#left();
    this.#member = false;
    this.#session?.close();
    await this.#folder.remove();
    this.#resolveEnded(error);
  }

  /** The process may exit right after its end, so the driver must have read why it ended. */
  #left(): Promise<void> {
    return new Promise((resolve) => {
      const limit = this.#options.clock.after(LEFT_WITHIN, resolve);
      this.#onDriverClosed = () => {
        limit.cancel();
        resolve();
      };
      this.#session?.send({ type: "left" });
    });
  }

  #dial(): void {
    const { driver, token, tls, executor, slots, memoryBytes, clock } = this.#options;
    const session = dialCluster({ address: driver, token, clock, ...(tls === undefined ? {} : { tls }) });
    this.#session = session;
    session.onMessage((message) => this.#onMessage(message));
    session.onClose((error) => this.#onClose(session, error));
    session.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      executor,
      slots,
      memoryBytes,
      host: hostname(),
      pid: process.pid,
      jobs: this.jobs,
    });
  }

  #onMessage(message: ToMember): void {
    switch (message.type) {
      case "welcome":
        return this.#onWelcome();
      case "refused":
        return this.#refused(fromWireError(message.error));
      case "startJob":
        return this.#startJob(message);
      case "holdJob":
        return this.#processes.get(message.job)?.hold();
      case "stopJob":
        return void this.#processes.get(message.job)?.stop(message.graceMs);
      case "leave":
        return this.#startLeaving();
      default:
        return unreachable(message);
    }
  }

  #onWelcome(): void {
    const { log, driver } = this.#options;
    this.#member = true;
    this.#backoff.reset();
    log.info({ driver: formatAddress(driver) }, `member of the cluster of ${formatAddress(driver)}`);
    this.#heartbeat?.cancel();
    this.#beat();
  }

  #beat(): void {
    this.#heartbeat = this.#options.clock.after(millis(HEARTBEAT_MS), () => {
      this.#session?.send({ type: "heartbeat" });
      this.#beat();
    });
  }

  #onClose(session: ClusterSession, error: Error | undefined): void {
    this.#onDriverClosed();
    if (session !== this.#session || this.#stopping !== undefined) return;
    this.#member = false;
    this.#heartbeat?.cancel();
    if (error instanceof EngineError && FINAL.has(error.code)) return this.#refused(error);
    for (const process of this.#processes.values()) process.hold(); // drivers of jobs end with their supervisor
    if (this.#leaving !== undefined) return;
    const { log, driver, clock } = this.#options;
    const why = error?.message ?? "the driver closed the connection";
    const retryMs = this.#backoff.next();
    log.warn(
      { driver: formatAddress(driver), retryMs },
      `no connection to the driver at ${formatAddress(driver)}: ${why} Trying again in ${formatDuration(retryMs)}.`,
    );
    this.#timer = clock.after(retryMs, () => this.#dial());
  }

  /** The driver refuses this executor for good. */
  #refused(error: Error): void {
    if (this.#stopping !== undefined) return;
    this.#options.log.error(error.message);
    this.#stopping = this.#end(0, error);
  }

  #startJob(message: Extract<ToMember, { readonly type: "startJob" }>): void {
    const { job } = message;
    if (this.#leaving !== undefined) return; // sent before the driver knew
    const running = this.#processes.get(job);
    if (running !== undefined) {
      running.driver(this.#addressIn(message), message.driverRun);
      this.#session?.send({ type: "jobStarted", job, pid: running.pid ?? 0 });
      return;
    }
    let memory: MemorySplit;
    try {
      memory = this.#memoryFor(message);
    } catch (error) {
      this.#session?.send({ type: "jobExited", job, error: toWireError(error) });
      return;
    }
    const started = this.#newProcess(message, memory);
    this.#processes.set(job, started);
    if (started.pid !== undefined) this.#session?.send({ type: "jobStarted", job, pid: started.pid });
    void started.exited.then((error) => this.#onExited(started, error));
  }

  #newProcess(message: Extract<ToMember, { readonly type: "startJob" }>, memory: MemorySplit): JobExecutorProcess {
    const { executor, slots, host, insecure = false, tls, clock } = this.#options;
    const { output = (_, bytes) => this.#stderr.write(bytes) } = this.#options;
    const { job, token, driverRun } = message;
    const driver = this.#addressIn(message);
    return new JobExecutorProcess(
      job,
      {
        type: "start",
        job,
        executor,
        slots,
        driver,
        driverRun,
        token,
        host,
        advertise: this.#options.advertise ?? advertised(host),
        insecure,
        ...(tls === undefined ? {} : { tls }),
        workDir: this.#folder.of(job),
        poolBytes: memory.poolBytes,
        slotHeapBytes: memory.slotHeapBytes,
      },
      { clock, output },
    );
  }

  /** A job driver runs on the driver supervisor's machine, so it is reached at the same host. */
  #addressIn({ driver }: Extract<ToMember, { readonly type: "startJob" }>): DataAddress {
    return { host: driver.host || this.#options.driver.host, port: driver.port };
  }

  #memoryFor(message: Extract<ToMember, { readonly type: "startJob" }>): MemorySplit {
    const { memoryBytes, slots, log } = this.#options;
    const { poolBytes, slotHeapBytes } = message;
    const split = splitMemory({ limitBytes: memoryBytes, slots, poolBytes, slotHeapBytes });
    if (split.reduced) {
      log.warn(
        { job: message.job, ...split },
        `job ${message.job} requests more memory than this executor has: its pool and slot heaps are reduced. Raise --memory, or lower storage.pool.bytes and executor.slot.heap.`,
      );
    }
    return split;
  }

  #onExited(ended: JobExecutorProcess, exit: EngineError | undefined): void {
    const error = exit ?? this.#cutOff;
    if (this.#processes.get(ended.job) === ended) this.#processes.delete(ended.job);
    this.#folder.removeOf(ended.job, ended.pid);
    if (exit !== undefined) this.#options.log.warn({ job: ended.job, code: exit.code }, exit.message);
    this.#session?.send({
      type: "jobExited",
      job: ended.job,
      error: error === undefined ? undefined : toWireError(error),
    });
    this.#leaveWhenIdle();
  }
}

/** The address for peers when the server listens on all interfaces: this machine's first one that is not loopback. */
function advertised(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { address, internal, family } of addresses ?? []) if (!internal && family === "IPv4") return address;
  }
  return hostname();
}
