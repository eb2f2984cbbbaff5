import { join } from "node:path";
import {
  type Clock,
  type ErrorFactory,
  type ErrorFields,
  errorKind,
  type JobId,
  jobId,
  type Logger,
  type Millis,
  millis,
  ownDirectory,
  parseConf,
  parseDuration,
} from "@millrace/base";
import { readManifest } from "@millrace/bundler";
import {
  type BatchSummary,
  type ExecutorSummary,
  type JobSummary,
  type LogEntry,
  type OperatorService,
  type PortRange,
  PROTOCOL_VERSION,
  type TlsSettings,
} from "@millrace/rpc";
import { listenCluster, type RpcServer } from "@millrace/rpc/grpc";
import type { ExecutorMemory } from "../job/events.ts";
import { ClusterShell } from "./cluster-shell.ts";
import { serveHealth } from "./health.ts";
import { type JobDriverPort, ManagedJob } from "./managed-job.ts";

const jobUnknown: ErrorFactory = errorKind("JOB_UNKNOWN", "user");
const driverDraining: ErrorFactory = errorKind("DRIVER_DRAINING", "environment");

const EXECUTOR_STOP_GRACE = parseDuration("5s");
const HEARTBEAT_TIMEOUT = parseDuration("10s");
/** Ended jobs that are remembered; the oldest is dropped first. */
const ENDED_JOBS_MAX = 100;

export interface DriverOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly uiPort: number;
  readonly dataDir: string;
  readonly token: string | undefined;
  readonly insecure: boolean;
  /** For every connection except the health checks'. */
  readonly tls?: TlsSettings;
  /** The host at which executors dial job drivers; by default the one at which they dialled this driver. */
  readonly advertise?: string;
  /** The ports of job drivers, two for each; by default any free ones. */
  readonly jobPorts?: PortRange;
  /** The longest pause before a process of a job is restarted. */
  readonly restartPauseMax?: Millis;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The long-running driver: maintains the membership of executors, starts a driver process for each job, answers
 * operators. It never runs user code.
 */
export class DriverSupervisor implements OperatorService {
  readonly #options: DriverOptions;
  readonly #jobs = new Map<JobId, ManagedJob>();
  readonly #ports = new Map<JobId, JobDriverPort & ExecutorMemory>();
  readonly #cluster: ClusterShell;
  #server: RpcServer | undefined;
  #health: { readonly port: number; close(): Promise<void> } | undefined;
  /** Releases the data directory. */
  readonly #release: () => void;
  #draining = false;
  #nextJob = 1;

  /** @throws DIRECTORY_UNUSABLE, DIRECTORY_IN_USE, BIND_FAILED, INSECURE_BIND, BAD_TLS */
  static async start(options: DriverOptions): Promise<DriverSupervisor> {
    const release = ownDirectory(options.dataDir, "driver", "--data-dir");
    try {
      const supervisor = new DriverSupervisor(options, release);
      await supervisor.#listen();
      return supervisor;
    } catch (error) {
      release();
      throw error;
    }
  }

  private constructor(options: DriverOptions, release: () => void) {
    this.#options = options;
    this.#release = release;
    this.#cluster = new ClusterShell(
      {
        clock: options.clock,
        log: options.log,
        protocol: PROTOCOL_VERSION,
        timeout: HEARTBEAT_TIMEOUT,
        restartPauseMax: options.restartPauseMax,
      },
      {
        startMessage: (job) => {
          const at = this.#ports.get(job);
          if (at === undefined) return undefined;
          // By default an executor reaches the job's driver on the host at which it reached this driver.
          return {
            type: "startJob",
            job,
            driver: { host: options.advertise ?? "", port: at.port },
            token: at.token,
            slotHeapBytes: at.slotHeapBytes,
            poolBytes: at.poolBytes,
          };
        },
        onJobWarning: (job, warning) => this.#jobs.get(job)?.warn(warning),
        onProcessExited: (job, executor, error) => this.#jobs.get(job)?.executorExited(executor, error),
      },
    );
  }

  get port(): number {
    return this.#server?.address.port ?? 0;
  }

  get uiPort(): number {
    return this.#health?.port ?? 0;
  }

  async submit(request: Parameters<OperatorService["submit"]>[0]): Promise<JobSummary> {
    if (this.#draining)
      throw driverDraining(
        "the driver is shutting down and takes no new jobs. Submit the job again when it has restarted.",
      );
    const { hash, manifest } = readManifest(request.artefact);
    const settings = parseConf(request.conf);
    const fallbackName = manifest.entry.replace(/\.[cm]?[jt]sx?$/, "");
    const id = this.#newId(request.name ?? fallbackName);
    const { jobPorts, tls } = this.#options;
    const job = await ManagedJob.create({
      id,
      name: request.name,
      fallbackName,
      packed: request.artefact,
      args: request.args,
      conf: request.conf,
      directory: join(this.#options.dataDir, "jobs", id),
      listen: {
        host: this.#options.host,
        ...(jobPorts === undefined ? {} : { ports: jobPorts }),
        ...(tls === undefined ? {} : { tls }),
      },
      heapBytes: settings["driver.heap"],
      restartPauseMax: this.#options.restartPauseMax,
      clock: this.#options.clock,
      log: this.#options.log,
      executorsKnown: () => this.executorList().filter((executor) => executor.state === "connected").length,
      startExecutors: (driver, memory) => {
        this.#ports.set(id, { ...driver, ...memory });
        this.#cluster.addJob(id);
      },
      stopExecutors: () => this.#removeFromExecutors(id),
      onEnded: () => this.#removeFromExecutors(id),
    });
    this.#jobs.set(id, job);
    this.#forgetOldJobs();
    this.#options.log.info({ job: id, artefact: hash.slice(0, 12) }, `job ${id} submitted`);
    job.start();
    await job.accepted.promise;
    return job.summary();
  }

  async jobs(): Promise<readonly JobSummary[]> {
    return [...this.#jobs.values()].map((job) => job.summary());
  }

  async status(id: JobId): Promise<JobSummary> {
    return this.#job(id).summary();
  }

  async batches(id: JobId): Promise<readonly BatchSummary[]> {
    return this.#job(id).batches();
  }

  async executors(): Promise<readonly ExecutorSummary[]> {
    return this.executorList();
  }

  executorList(): readonly ExecutorSummary[] {
    return this.#cluster.executors().map((executor) => ({ ...executor, rssBytes: this.#rssOf(executor) }));
  }

  #rssOf({ id, jobs }: Pick<ExecutorSummary, "id" | "jobs">): number {
    return jobs.reduce((sum, job) => sum + (this.#jobs.get(job)?.figuresOf(id)?.rssBytes ?? 0), 0);
  }

  logs(id: JobId, options: { readonly follow: boolean; readonly signal?: AbortSignal }): AsyncIterable<LogEntry> {
    return this.#job(id).log.read(options);
  }

  async stop(id: JobId): Promise<void> {
    this.#job(id).stop({ graceful: true });
  }

  async kill(id: JobId): Promise<void> {
    this.#job(id).stop({ graceful: false, reason: { kind: "operator" } });
  }

  /**
   * Stops every job, gracefully within `graceMs`, then everything else. Called once.
   *
   * @returns The jobs that were killed instead.
   */
  async shutdown(graceMs: number): Promise<readonly JobId[]> {
    this.#draining = true;
    const running = [...this.#jobs.values()].filter((job) => !job.over);
    for (const job of running) job.stop({ graceful: true });
    const limit = millis(graceMs);
    const hurry = this.#options.clock.after(limit, () => {
      for (const job of running) if (!job.over) job.stop({ graceful: false, reason: { kind: "grace", limit } });
    });
    await Promise.all(running.map((job) => job.ended.promise));
    hurry.cancel();
    this.#cluster.close();
    await Promise.all([this.#server?.close(), this.#health?.close()]);
    this.#release();
    return running.filter((job) => job.killed).map((job) => job.id);
  }

  async #listen(): Promise<void> {
    const { host, port, uiPort, token, insecure, tls } = this.#options;
    this.#server = await listenCluster({
      host,
      port,
      token,
      insecure,
      ...(tls === undefined ? {} : { tls }),
      onMember: (session) => this.#cluster.accept(session),
      operator: this,
    });
    try {
      this.#health = await serveHealth({ host, port: uiPort }, { ready: () => !this.#draining });
    } catch (error) {
      await this.#server.close();
      throw error;
    }
  }

  #job(id: JobId): ManagedJob {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    const known = [...this.#jobs.keys()].join(", ");
    const fields: ErrorFields = { job: id };
    throw jobUnknown(
      `there is no job ${id} on this driver${known === "" ? "; it has none" : `; it has ${known}`}. \`millrace jobs\` lists them.`,
      { fields },
    );
  }

  #newId(name: string): JobId {
    const stem =
      name
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, 40) || "job";
    let id = jobId(`${stem}-${this.#nextJob++}`);
    while (this.#jobs.has(id)) id = jobId(`${stem}-${this.#nextJob++}`);
    return id;
  }

  #removeFromExecutors(id: JobId): void {
    if (!this.#ports.delete(id)) return;
    this.#cluster.removeJob(id, EXECUTOR_STOP_GRACE);
  }

  #forgetOldJobs(): void {
    const ended = [...this.#jobs.values()].filter((job) => job.over);
    for (const job of ended.slice(0, Math.max(0, ended.length - ENDED_JOBS_MAX))) this.#jobs.delete(job.id);
  }
}
