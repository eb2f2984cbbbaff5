import {
  type Brand,
  branded,
  type EngineError,
  type EpochMs,
  type ExecutorId,
  type JobId,
  type Millis,
  type Warning,
  type WireError,
} from "@millrace/base";

/** One connection of an executor supervisor; assigned by the shell, never reused. */
export type MemberSessionId = Brand<number, "MemberSessionId">;
export const memberSessionId = (n: number): MemberSessionId => branded<MemberSessionId>(n);

/** A request of an operator that an executor leave; assigned by the shell, never reused. */
export type DrainRequestId = Brand<number, "DrainRequestId">;
export const drainRequestId = (n: number): DrainRequestId => branded<DrainRequestId>(n);

/** An executor supervisor's introduction when it joins. */
export interface MemberHello {
  readonly protocol: number;
  readonly executor: ExecutorId;
  readonly slots: number;
  readonly memoryBytes: number;
  readonly host: string;
  readonly pid: number;
  /** Job executor processes still running there, for a restarted driver. */
  readonly jobs: readonly JobId[];
}

/** Events of the cluster. `at` is their time; a time that runs backwards does no harm. */
export type MembershipEvent =
  | ({ readonly type: "hello"; readonly session: MemberSessionId; readonly at: EpochMs } & MemberHello)
  | { readonly type: "heartbeat"; readonly session: MemberSessionId; readonly at: EpochMs }
  | { readonly type: "closed"; readonly session: MemberSessionId; readonly at: EpochMs }
  /** It was told to end: it gets no new jobs, and closes once its jobs are over or have released it. */
  | { readonly type: "leaving"; readonly session: MemberSessionId; readonly at: EpochMs }
  /** It has left: nothing follows. */
  | { readonly type: "left"; readonly session: MemberSessionId }
  /** An operator has the executor leave. Answered by `drainAnswered`. */
  | { readonly type: "drainRequested"; readonly request: DrainRequestId; readonly executor: ExecutorId }
  /** The timer of `wakeAt` fired; ticks at other times are harmless. */
  | { readonly type: "tick"; readonly at: EpochMs }
  /** The job's driver is gone, and another one is awaited: its processes stay, and no new ones are started. */
  | { readonly type: "jobAwaited"; readonly job: JobId; readonly at: EpochMs }
  /** From now on the job runs on every executor, including later ones. Processes that stayed are told of its driver. */
  | { readonly type: "jobAdded"; readonly job: JobId; readonly at: EpochMs }
  /** It is over: its processes end within `grace`. */
  | { readonly type: "jobRemoved"; readonly job: JobId; readonly at: EpochMs; readonly grace: Millis }
  | {
      readonly type: "processStarted";
      readonly session: MemberSessionId;
      readonly job: JobId;
      readonly pid: number;
      readonly at: EpochMs;
    }
  /** `error`: the cause, unless it was stopped. */
  | {
      readonly type: "processExited";
      readonly session: MemberSessionId;
      readonly job: JobId;
      readonly error: WireError | undefined;
      readonly at: EpochMs;
    };

/** Effects of the membership, carried out in this order. */
export type MembershipEffect =
  | { readonly type: "welcome"; readonly session: MemberSessionId; readonly executor: ExecutorId }
  /** Send the reason, then close. */
  | { readonly type: "refuse"; readonly session: MemberSessionId; readonly error: EngineError }
  | { readonly type: "close"; readonly session: MemberSessionId }
  /** Have it leave; it answers with `leaving`. */
  | { readonly type: "leave"; readonly session: MemberSessionId }
  /** The executor has left. `error`: it was not asked to, or ended before its jobs had released it. */
  | { readonly type: "drainAnswered"; readonly request: DrainRequestId; readonly error: Error | undefined }
  | { readonly type: "startJob"; readonly session: MemberSessionId; readonly executor: ExecutorId; readonly job: JobId }
  /** Its process there is to keep what it holds until it is told of the job's next driver by another `startJob`. */
  | { readonly type: "holdJob"; readonly session: MemberSessionId; readonly job: JobId }
  | { readonly type: "stopJob"; readonly session: MemberSessionId; readonly job: JobId; readonly grace: Millis }
  | { readonly type: "executorJoined"; readonly executor: ExecutorId; readonly slots: number; readonly host: string }
  | { readonly type: "executorLost"; readonly executor: ExecutorId; readonly reason: string }
  | { readonly type: "executorLeaving"; readonly executor: ExecutorId }
  /** It left as it was told to, and is forgotten. */
  | { readonly type: "executorLeft"; readonly executor: ExecutorId }
  /** For the warnings of `status`. */
  | { readonly type: "jobWarning"; readonly job: JobId; readonly warning: Warning }
  /** Replaces the previous timer; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: EpochMs };
