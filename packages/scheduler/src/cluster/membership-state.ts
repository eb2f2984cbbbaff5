import {
  type BackoffRange,
  type EpochMs,
  type ExecutorId,
  type JobId,
  type Millis,
  millis,
  type Rng,
} from "@millrace/base";
import type { ExecutorDrain } from "./executor-drains.ts";
import type { MemberSessionId } from "./membership-events.ts";

export interface MembershipSettings {
  /** The driver's protocol version; executors with another are refused. */
  readonly protocol: number;
  /** `executor.timeout`: silence after which an executor is lost. */
  readonly timeout: Millis;
  /** The pauses before a job's process is restarted. */
  readonly restartDelay: BackoffRange;
  readonly rng: Rng;
  /** A process that ran this long resets the pauses. */
  readonly steadyAfter: Millis;
}

const RESTART_PAUSE_MIN = millis(200);

/** @param restartPauseMax The longest pause before a job's process is restarted. */
export const membershipDefaults = (
  protocol: number,
  timeout: Millis,
  rng: Rng,
  restartPauseMax: Millis = millis(30_000),
): MembershipSettings => ({
  protocol,
  timeout,
  restartDelay: { min: millis(Math.min(RESTART_PAUSE_MIN, restartPauseMax)), max: restartPauseMax },
  rng,
  steadyAfter: millis(60_000),
});

/** Lost executors remembered for `millrace executors`; the one lost first is dropped first. */
export const LOST_KEPT_MAX = 100;

/**
 * One executor, as its supervisor describes it.
 *
 *     (unknown) ─hello─▶ connected ─closed, silent for `timeout`─▶ lost ─hello─▶ connected
 *                           └─leaving─▶ leaving ─closed─▶ (forgotten)      leaving ─silent─▶ lost
 */
export interface ClusterMember {
  readonly executor: ExecutorId;
  session: MemberSessionId | undefined; // undefined: lost
  slots: number;
  memoryBytes: number;
  host: string;
  pid: number;
  lastSeenAt: EpochMs;
  /** It was told to end: no more processes are started there. */
  leaving: boolean;
  /** By job: its executor process here. */
  readonly processes: Map<JobId, JobProcess>;
}

/**
 * The process of one job on one executor.
 *
 *     starting ─processStarted─▶ running ─processExited─▶ pausing ─due─▶ starting
 *        └───────────processExited──────────────────────────▲
 *     any ─jobRemoved─▶ stopping ─processExited─▶ (forgotten)
 *     pausing ─jobAwaited─▶ (forgotten)     others stay until jobAdded, and are forgotten if they exit
 *     stopping ─jobAdded─▶ starting, once it has exited
 *
 * All are forgotten when the executor is lost, and start again from its next `hello`.
 */
export interface JobProcess {
  state: "starting" | "running" | "pausing" | "stopping";
  pid: number | undefined;
  startedAt: EpochMs;
  /** Consecutive exits without a steady run in between. */
  crashes: number;
  /** The time of the restart, in `pausing`. */
  restartAt: EpochMs;
}

/** The executors of the cluster, and the jobs on them: every job runs on every executor. */
export interface Membership {
  readonly settings: MembershipSettings;
  /** In the order they were first seen. */
  readonly members: Map<ExecutorId, ClusterMember>;
  readonly sessions: Map<MemberSessionId, ClusterMember>;
  /** In the order they were added. */
  readonly jobs: Set<JobId>;
  /** Executors that an operator has asked to leave, until they have. */
  readonly drains: Map<ExecutorId, ExecutorDrain>;
  /** Jobs without a driver at the moment. */
  readonly awaited: Set<JobId>;
  /** The current timer. */
  wakeAt: EpochMs | undefined;
}

export function membership(settings: MembershipSettings): Membership {
  return {
    settings,
    members: new Map(),
    sessions: new Map(),
    jobs: new Set(),
    awaited: new Set(),
    drains: new Map(),
    wakeAt: undefined,
  };
}

export const fresh = (at: EpochMs): JobProcess => ({
  state: "starting",
  pid: undefined,
  startedAt: at,
  crashes: 0,
  restartAt: at,
});

export const runs = (process: JobProcess | undefined): boolean =>
  process?.state === "running" || process?.state === "starting";
