import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type Clock,
  deferred,
  type EngineError,
  type ErrorFactory,
  type ErrorFields,
  type ExecutorId,
  errorKind,
  type JobId,
  jobId,
  type Logger,
  type Millis,
  millis,
  parseConf,
  parseDuration,
  thrownMessage,
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
  type WaitsOf,
  type WaitsReport,
} from "@millrace/rpc";
import { listenCluster, type RpcServer } from "@millrace/rpc/grpc";
import type { ExecutorMemory } from "../job/events.ts";
import { ownDataDirectory } from "../lease/data-directory-lease.ts";
import type { HeldLease } from "../lease/held-lease.ts";
import { Changes } from "./changes.ts";
import { ClusterShell } from "./cluster-shell.ts";
import { serveHealth } from "./health.ts";
import { findJobs } from "./job-record.ts";
import { ManagedJob } from "./managed-job.ts";
import type { JobDriverPort, ManagedJobOptions } from "./managed-job-options.ts";

const jobUnknown: ErrorFactory = errorKind("JOB_UNKNOWN", "user");
const jobRecordUnreadable: ErrorFactory = errorKind("JOB_RECORD_UNREADABLE", "environment");
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

/** What a submission says of its job. */
type GivenOptions = Pick<ManagedJobOptions, "name" | "fallbackName" | "args" | "drop" | "conf" | "availableNow">;

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
  /** Of all jobs that have a folder. */
  readonly #usedIds = new Set<string>();
  /** Of the data directory. */
  readonly #lease: HeldLease;
  /** Another driver owns the data directory: this one, which was paused, must end. */
  readonly taken: Promise<EngineError>;
  /** Of what jobs and executors wait for. */
  readonly #changes = new Changes();
  #draining = false;
  #nextJob = 1;

  /** @throws DIRECTORY_UNUSABLE, DIRECTORY_IN_USE, BIND_FAILED, INSECURE_BIND, BAD_TLS */
  static async start(options: DriverOptions): Promise<DriverSupervisor> {
    const { clock, log } = options;
    const taken = deferred<EngineError>();
    const lease = await ownDataDirectory(options.dataDir, { clock, log, onLost: taken.resolve });
    try {
      const supervisor = new DriverSupervisor(options, lease, taken.promise);
      const restored = await supervisor.#restoreJobs(); // before executors dial, so that they keep what they hold of these
      await supervisor.#listen();
      await Promise.all(restored.map((job) => job.resume()));
      return supervisor;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  private constructor(options: DriverOptions, lease: HeldLease, taken: Promise<EngineError>) {
    this.#options = options;
    this.#lease = lease;
    this.taken = taken;
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
            driverRun: at.run,
            slotHeapBytes: at.slotHeapBytes,
            poolBytes: at.poolBytes,
          };
        },
        onJobWarning: (job, warning) => this.#jobs.get(job)?.warn(warning),
        onProcessExited: (job, executor, error) => this.#jobs.get(job)?.executorExited(executor, error),
        onMembers: () => this.#changes.fire(),
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
    const fallbackName = manifest.entry.replace(/\.[cm]?[jt]sx?$/, "");
    const id = this.#newId(request.name ?? fallbackName);
    const { name, args, drop, conf, availableNow } = request;
    const given = { name, fallbackName, args, drop, conf, availableNow };
    const job = await ManagedJob.create(this.#jobOptions(id, given), request.artefact);
    this.#jobs.set(id, job);
    this.#forgetOldJobs();
    this.#options.log.info({ job: id, artefact: hash.slice(0, 12) }, `job ${id} submitted`);
    job.start();
    await job.accepted.promise;
    return job.summary();
  }

  /** @throws BAD_CONFIGURATION */
  #jobOptions(id: JobId, given: GivenOptions): ManagedJobOptions {
    const { jobPorts, tls, host, clock, log, restartPauseMax, dataDir } = this.#options;
    return {
      ...given,
      id,
      directory: join(dataDir, "jobs", id),
      listen: { host, ...(jobPorts === undefined ? {} : { ports: jobPorts }), ...(tls === undefined ? {} : { tls }) },
      heapBytes: parseConf(given.conf)["driver.heap"],
      restartPauseMax,
      clock,
      log,
      executorsKnown: () => this.executorList().filter((executor) => executor.state === "connected").length,
      startExecutors: (driver, memory) => {
        this.#ports.set(id, { ...driver, ...memory });
        this.#cluster.addJob(id);
      },
      holdExecutors: () => {
        this.#ports.delete(id);
        this.#cluster.awaitJob(id);
      },
      stopExecutors: () => this.#removeFromExecutors(id),
      onWaits: () => this.#changes.fire(),
      onEnded: () => this.#removeFromExecutors(id),
    };
  }

  /** Takes up the jobs that an earlier driver had on this data directory. Nothing of them runs yet. */
  async #restoreJobs(): Promise<readonly ManagedJob[]> {
    const { dataDir, log } = this.#options;
    const restored: ManagedJob[] = [];
    for (const { id, record } of await findJobs(join(dataDir, "jobs"))) {
      this.#usedIds.add(id);
      this.#nextJob = Math.max(this.#nextJob, 1 + Number(/\d+$/.exec(id)?.[0] ?? 0));
      try {
        if (typeof record === "string") throw jobRecordUnreadable(unreadable(id, record), { fields: { job: id } });
        const { name, fallbackName, args, drop, conf, availableNow } = record;
        const given = { name, fallbackName, args, drop, conf, availableNow };
        const job = ManagedJob.restored(this.#jobOptions(id, given), record);
        this.#jobs.set(id, job);
        restored.push(job);
        if (job.willResume) this.#cluster.awaitJob(id);
      } catch (error) {
        log.error({ job: id }, thrownMessage(error)); // others go on
      }
    }
    this.#forgetOldJobs();
    return restored;
  }

  async jobs(): Promise<readonly JobSummary[]> {
    return [...this.#jobs.values()].map((job) => job.summary());
  }

  async status(id: JobId): Promise<JobSummary> {
    return this.#job(id).summary();
  }

  async batches(id: JobId): Promise<readonly BatchSummary[]> {
    return this.#job(id).view.batches();
  }

  async executors(): Promise<readonly ExecutorSummary[]> {
    return this.executorList();
  }

  executorList(): readonly ExecutorSummary[] {
    return this.#cluster
      .executors()
      .map((executor) => ({ ...executor, rssBytes: this.#rssOf(executor), waitsFor: this.#waitsOf(executor) }));
  }

  drain(executor: ExecutorId): Promise<void> {
    return this.#cluster.drain(executor);
  }

  waits(whose: WaitsOf): AsyncIterable<WaitsReport> {
    if ("executor" in whose) return this.#changes.seen(() => this.#executorWaits(whose.executor));
    const job = this.#job(whose.job);
    return this.#changes.seen(() => (job.over ? undefined : job.view.waits));
  }

  #executorWaits(executor: ExecutorId): WaitsReport | undefined {
    const found = this.#cluster.executors().find(({ id, state }) => id === executor && state !== "lost");
    return found && { waitsFor: this.#waitsOf(found), by: undefined };
  }

  #waitsOf({ id, state, jobs }: Pick<ExecutorSummary, "id" | "state" | "jobs">): readonly string[] {
    if (state !== "draining") return [];
    return jobs.flatMap((job) => (this.#jobs.get(job)?.view.waitsOf(id) ?? []).map((what) => `${job}: ${what}`));
  }

  #rssOf({ id, jobs }: Pick<ExecutorSummary, "id" | "jobs">): number {
    return jobs.reduce((sum, job) => sum + (this.#jobs.get(job)?.view.figuresOf(id)?.rssBytes ?? 0), 0);
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
    for (const job of running) job.interrupt();
    const limit = millis(graceMs);
    const hurry = this.#options.clock.after(limit, () => {
      for (const job of running) job.cut(limit);
    });
    await Promise.all(running.map((job) => job.ended.promise));
    hurry.cancel();
    this.#cluster.close();
    await Promise.all([this.#server?.close(), this.#health?.close()]);
    await this.#lease.release();
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
    while (this.#usedIds.has(id)) id = jobId(`${stem}-${this.#nextJob++}`);
    this.#usedIds.add(id);
    return id;
  }

  #removeFromExecutors(id: JobId): void {
    this.#ports.delete(id);
    this.#cluster.removeJob(id, EXECUTOR_STOP_GRACE);
  }

  /** Their files go too: a data directory does not grow with the age of the cluster. */
  #forgetOldJobs(): void {
    const ended = [...this.#jobs.values()].filter((job) => job.over);
    for (const job of ended.slice(0, Math.max(0, ended.length - ENDED_JOBS_MAX))) {
      this.#jobs.delete(job.id);
      rm(join(this.#options.dataDir, "jobs", job.id), { recursive: true, force: true }).catch((error: unknown) =>
        this.#options.log.warn(
          { job: job.id },
          `the files of job ${job.id} cannot be removed: ${thrownMessage(error)}`,
        ),
      );
    }
  }
}

function unreadable(id: JobId, why: string): string {
  return (
    `${why}. Job ${id} does not go on and is not listed; its files stay as they are, and the driver and other jobs go on. ` +
    "Submit it again: with the checkpoint directory that it had, it goes on from there."
  );
}
