import { Worker } from "node:worker_threads";
import { clauseOf, type EngineError, errorKind, type TakeOutput, ThreadOutput, threadHeap } from "@millrace/base";
import type { FromJobThread, ToJobThread } from "./protocol.ts";

export const driverOutOfMemory = errorKind("DRIVER_OUT_OF_MEMORY", "user");
export const jobThreadEnded = errorKind("JOB_THREAD_ENDED", "user");

export interface JobThreadHandlers {
  onMessage(message: FromJobThread): void;
  /** The thread is gone and was not asked to go: why, in words for the job's author. */
  onLost(error: EngineError): void;
}

/** The main thread's handle on the thread in which `build`, `transform`, `foreachRDD` and listeners of a job run. */
export class JobThread {
  readonly #worker: Worker;
  readonly #output: ThreadOutput;
  #ending = false;

  /** @param options.output Takes what code of the job writes, and what `print()` does. */
  constructor(options: { readonly heapBytes: number; readonly output: TakeOutput }, handlers: JobThreadHandlers) {
    this.#output = new ThreadOutput(options.output);
    const output = this.#output.connect();
    this.#worker = new Worker(new URL("./entry.js", import.meta.url), {
      name: "job",
      resourceLimits: threadHeap(options.heapBytes),
      workerData: output,
      transferList: [output.port],
    });
    this.#worker.on("message", (message: FromJobThread) => handlers.onMessage(message));
    this.#worker.on("error", (error: Error & { code?: string }) => {
      if (!this.#ending) handlers.onLost(lostBecause(error, options.heapBytes));
      this.#ending = true;
    });
    this.#worker.on("exit", (code) => {
      if (this.#ending) return;
      this.#ending = true;
      handlers.onLost(
        jobThreadEnded(
          `the job's code ended its own driver thread with process.exit(${code}). The job is stopped. ` +
            `Use ssc.stop() to end a job, or throw an error to fail it.`,
        ),
      );
    });
  }

  send(message: ToJobThread): void {
    this.#worker.postMessage(message);
  }

  /**
   * Lets the thread do what it has left, and end.
   *
   * @returns When it is gone: with the error that ended it, if one did.
   */
  leave(): Promise<Error | undefined> {
    this.#ending = true;
    this.send({ type: "leave" });
    return new Promise((resolve) => {
      this.#worker.once("error", resolve);
      this.#worker.once("exit", () => resolve(undefined));
    });
  }

  /** Ends the thread at once; whatever it runs is cut short. Resolves when its output has been taken. */
  async terminate(): Promise<void> {
    this.#ending = true;
    await this.#worker.terminate();
    await this.#output.flush();
  }
}

function lostBecause(error: Error & { code?: string }, heapBytes: number): EngineError {
  if (error.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return driverOutOfMemory(
      `the job's driver thread ran out of its heap of ${Math.round(heapBytes / 2 ** 20)} MiB, for example by a collect() of a large RDD. ` +
        `The job is stopped. Aggregate on the executors, take(n), or raise driver.heap.`,
      { cause: error },
    );
  }
  return jobThreadEnded(
    `the job's driver thread ended by an error that nothing caught: ${clauseOf(error.message)}. The job is stopped. Catch it, or await the promise that rejected.`,
    {
      cause: error,
    },
  );
}
