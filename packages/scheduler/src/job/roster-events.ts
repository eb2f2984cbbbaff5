import {
  type Brand,
  branded,
  type EngineError,
  type ExecutorId,
  type JobId,
  type Millis,
  type Warning,
  type WireError,
} from "@millrace/base";

/** One session of an executor with the job's driver; given by the shell, never used twice. */
export type ExecutorSessionId = Brand<number, "ExecutorSessionId">;
export const executorSessionId = (n: number): ExecutorSessionId => branded<ExecutorSessionId>(n);

/** What happens to the executors of a job. `at`: monotonic milliseconds. */
export type RosterEvent =
  /** The job is built: executors may load it. `timeout`: `executor.timeout`. */
  | { readonly type: "opened"; readonly timeout: Millis; readonly at: number }
  | {
      readonly type: "hello";
      readonly session: ExecutorSessionId;
      readonly executor: ExecutorId;
      readonly protocol: number;
      readonly job: JobId;
      readonly slots: number;
      readonly at: number;
    }
  /** A message of any kind came: it is alive. */
  | { readonly type: "heard"; readonly session: ExecutorSessionId; readonly at: number }
  /** The job is loaded on every slot. */
  | { readonly type: "ready"; readonly session: ExecutorSessionId; readonly at: number }
  /** It was told to end, and serves until it is released. */
  | { readonly type: "leaving"; readonly session: ExecutorSessionId; readonly at: number }
  | { readonly type: "settled"; readonly session: ExecutorSessionId; readonly at: number }
  /** The session is over; `error`: why, in words, if it was cut. */
  | { readonly type: "closed"; readonly session: ExecutorSessionId; readonly error: Error | undefined }
  /** Whoever started its process says why it ended: reaches the tasks that ran there. */
  | { readonly type: "explained"; readonly executor: ExecutorId; readonly error: WireError }
  /** No task comes any more. Answered by `allSettled`. */
  | { readonly type: "settle" }
  /** The timer asked for by `wakeAt` fired; early and late ones do no harm. */
  | { readonly type: "tick"; readonly at: number }
  /** The job is over. */
  | { readonly type: "closedDown" };

/** What the shell does for the executors of a job, in this order. */
export type RosterEffect =
  /** It may load the job. */
  | { readonly type: "welcome"; readonly session: ExecutorSessionId; readonly executor: ExecutorId }
  /** Say why, in the log, and close the session. */
  | {
      readonly type: "refuse";
      readonly session: ExecutorSessionId;
      readonly executor: ExecutorId;
      readonly error: EngineError;
    }
  | { readonly type: "close"; readonly session: ExecutorSessionId }
  /** Those that are ready are others than before: each is told of all. */
  | { readonly type: "peersChanged" }
  | { readonly type: "executorReady"; readonly executor: ExecutorId; readonly slots: number }
  | { readonly type: "executorLeaving"; readonly executor: ExecutorId }
  /** Nothing more is heard of it; its session is closed. `wasReady`: others know of it. */
  | {
      readonly type: "executorLost";
      readonly executor: ExecutorId;
      readonly session: ExecutorSessionId;
      readonly error: WireError;
      readonly wasReady: boolean;
    }
  /** It lets code of the job finish what its tasks left pending; answered by `settled`. */
  | { readonly type: "askToSettle"; readonly session: ExecutorSessionId }
  /** Every executor has settled, or is gone. */
  | { readonly type: "allSettled" }
  | { readonly type: "warning"; readonly warning: Warning }
  /** Replaces the timer asked for before; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" };
