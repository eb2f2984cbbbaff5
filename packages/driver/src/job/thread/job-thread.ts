import type { EngineError, TakeOutput } from "@millrace/base";
import type { FromJobThread, ToJobThread } from "./protocol.ts";

export interface JobThreadHandlers {
  onMessage(message: FromJobThread): void;
  /** The thread is gone and was not asked to go: why, in words for the job's author. */
  onLost(error: EngineError): void;
}

export interface JobThreadOptions {
  /** `driver.heap` as far as it is known before the job's own settings are. */
  readonly heapBytes: number;
  /** Takes what code of the job writes, and what `print()` does. */
  readonly output: TakeOutput;
  readonly build: Omit<Extract<ToJobThread, { readonly type: "build" }>, "type" | "heapBytes">;
}

/**
 * The job driver's handle on where `build`, `transform`, `foreachRDD` and listeners of a job run: a thread of its own, or
 * the thread of a test. Nothing that is sent is answered before `send` returns.
 */
export interface JobThread {
  /** After `built`. */
  send(message: ToJobThread): void;
  /**
   * Lets the thread do what it has left, and end.
   *
   * @returns When it is gone: with the error that ended it, if one did.
   */
  leave(): Promise<Error | undefined>;
  /** Ends the thread at once; whatever it runs is cut short. Resolves when its output has been taken. */
  terminate(): Promise<void>;
}

/** Starts the thread and builds the job in it. */
export type OpenJobThread = (options: JobThreadOptions, handlers: JobThreadHandlers) => JobThread;
