import type { EngineError, TakeOutput } from "@millrace/base";
import type { FromJobThread, ToJobThread } from "./protocol.ts";

export interface JobThreadHandlers {
  onMessage(message: FromJobThread): void;
  /** The thread ended unasked; the error tells the job's author why. */
  onLost(error: EngineError): void;
}

export interface JobThreadOptions {
  /** `driver.heap` without the job's own settings, which are not known yet. */
  readonly heapBytes: number;
  /** Takes the output of user code, and of `print()`. */
  readonly output: TakeOutput;
  readonly build: Omit<Extract<ToJobThread, { readonly type: "build" }>, "type" | "heapBytes">;
}

/**
 * The job driver's handle on the thread that runs a job's `build`, `transform`, `foreachRDD` and listeners: a worker
 * thread, or the thread of a test. No message is answered before `send` returns.
 */
export interface JobThread {
  /** After `built`. */
  send(message: ToJobThread): void;
  /**
   * Lets the thread finish its remaining work and end.
   *
   * @returns Resolves when the thread has ended, with the error that ended it, if any.
   */
  leave(): Promise<Error | undefined>;
  /** Terminates the thread, cutting short whatever it runs. Resolves when its output has been taken. */
  terminate(): Promise<void>;
}

/** Starts the thread and builds the job in it. */
export type OpenJobThread = (options: JobThreadOptions, handlers: JobThreadHandlers) => JobThread;
