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

/** One session of an executor with the job's driver; assigned by the shell, never reused. */
export type ExecutorSessionId = Brand<number, "ExecutorSessionId">;
export const executorSessionId = (n: number): ExecutorSessionId => branded<ExecutorSessionId>(n);

/** Events of a job's executors. `at`: monotonic milliseconds. */
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
  /** A message of any kind arrived: the executor is alive. */
  | { readonly type: "heard"; readonly session: ExecutorSessionId; readonly at: number }
  /** The job is loaded on every slot. */
  | { readonly type: "ready"; readonly session: ExecutorSessionId; readonly at: number }
  /** It cannot be used, and says why. */
  | { readonly type: "unfit"; readonly session: ExecutorSessionId; readonly error: WireError }
  /** It was told to end and serves until it is released. */
  | { readonly type: "leaving"; readonly session: ExecutorSessionId; readonly at: number }
  | { readonly type: "settled"; readonly session: ExecutorSessionId; readonly at: number }
  /** The session has ended. `error`: the reason, in words, if it was cut. */
  | { readonly type: "closed"; readonly session: ExecutorSessionId; readonly error: Error | undefined }
  /** The starter of its process reports why that ended, for the errors of tasks that ran there. */
  | { readonly type: "explained"; readonly executor: ExecutorId; readonly error: WireError }
  /** No more tasks follow. Answered by `allSettled`. */
  | { readonly type: "settle" }
  /** The timer of `wakeAt` fired; early and late ones are harmless. */
  | { readonly type: "tick"; readonly at: number }
  /** The job is over. */
  | { readonly type: "closedDown" };

/** Effects of the roster, carried out in this order. */
export type RosterEffect =
  /** It may load the job. */
  | { readonly type: "welcome"; readonly session: ExecutorSessionId; readonly executor: ExecutorId }
  /** Log the reason, and close the session. */
  | {
      readonly type: "refuse";
      readonly session: ExecutorSessionId;
      readonly executor: ExecutorId;
      readonly error: EngineError;
    }
  | { readonly type: "close"; readonly session: ExecutorSessionId }
  /** It is not used, and its session is closed; its starter tries again. */
  | {
      readonly type: "executorUnfit";
      readonly session: ExecutorSessionId;
      readonly executor: ExecutorId;
      readonly error: WireError;
    }
  /** The set of ready executors changed: tell each of them all the others. */
  | { readonly type: "peersChanged" }
  | { readonly type: "executorReady"; readonly executor: ExecutorId; readonly slots: number }
  | { readonly type: "executorLeaving"; readonly executor: ExecutorId }
  /** It is gone, and its session closed. `wasReady`: others know of it. */
  | {
      readonly type: "executorLost";
      readonly executor: ExecutorId;
      readonly session: ExecutorSessionId;
      readonly error: WireError;
      readonly wasReady: boolean;
    }
  /** Let user code finish work that its tasks left pending; answered by `settled`. */
  | { readonly type: "askToSettle"; readonly session: ExecutorSessionId }
  /** Every executor has settled or is gone. */
  | { readonly type: "allSettled" }
  | { readonly type: "warning"; readonly warning: Warning }
  /** Replaces the previous timer; answered by `tick`. */
  | { readonly type: "wakeAt"; readonly at: number }
  | { readonly type: "cancelWake" };
