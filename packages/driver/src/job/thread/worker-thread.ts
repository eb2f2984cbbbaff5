import { Worker } from "node:worker_threads";
import {
  describeThrown,
  type EngineError,
  type ErrorFactory,
  errorKind,
  formatSize,
  heapFor,
  sizeSetting,
  ThreadOutput,
  type ThreadOutputEnd,
  threadHeap,
} from "@millrace/base";
import type { JobThread, JobThreadHandlers, JobThreadOptions, OpenJobThread } from "./job-thread.ts";
import type { FromJobThread, ToJobThread } from "./protocol.ts";

export const driverOutOfMemory: ErrorFactory = errorKind("DRIVER_OUT_OF_MEMORY", "user");
const jobThreadEnded: ErrorFactory = errorKind("JOB_THREAD_ENDED", "user");

/** The driver's build of a job. */
export interface JobCode {
  /** Its path. */
  readonly module: string;
  /** The job has packages outside its bundle, which come from this process's installation. */
  readonly externals: boolean;
}

/** The data with which the thread starts. */
export interface WorkerData {
  readonly output: ThreadOutputEnd;
  readonly code: JobCode;
}

/** Runs the job in a worker thread. */
export const workerThread =
  (code: JobCode): OpenJobThread =>
  (options, handlers) =>
    new WorkerJobThread(code, options, handlers);

type Build = Extract<ToJobThread, { readonly type: "build" }>;

/**
 * A worker thread for the job. Its heap is fixed when it starts, but the job's own settings are known only once its
 * module is loaded: a thread with the wrong heap is replaced before anything is built.
 */
class WorkerJobThread implements JobThread {
  readonly #code: JobCode;
  readonly #handlers: JobThreadHandlers;
  readonly #build: JobThreadOptions["build"];
  readonly #output: ThreadOutput;
  #worker: Worker;
  #ending = false;
  /** The thread reported a wrong heap, so its end is expected. */
  #replaced = false;
  /** Encoded size of the latest action result that the thread received. */
  #resultBytes = 0;

  constructor(code: JobCode, options: JobThreadOptions, handlers: JobThreadHandlers) {
    this.#code = code;
    this.#handlers = handlers;
    this.#build = options.build;
    this.#output = new ThreadOutput(options.output);
    this.#worker = this.#start(options.heapBytes, { mayAsk: true });
  }

  send(message: ToJobThread): void {
    if (message.type === "answer" && message.answer.ok) this.#resultBytes = resultBytes(message.answer.value);
    this.#worker.postMessage(message);
  }

  leave(): Promise<Error | undefined> {
    this.#ending = true;
    this.send({ type: "leave" });
    return new Promise((resolve) => {
      this.#worker.once("error", resolve);
      this.#worker.once("exit", () => resolve(undefined));
    });
  }

  async terminate(): Promise<void> {
    this.#ending = true;
    await this.#worker.terminate();
    await this.#output.flush();
  }

  /** @param mayAsk True for the first thread; its replacement keeps its heap, whatever the job says. */
  #start(heapBytes: number, { mayAsk }: { readonly mayAsk: boolean }): Worker {
    const output = this.#output.connect();
    const worker = new Worker(new URL("./entry.js", import.meta.url), {
      name: "job",
      resourceLimits: threadHeap(heapBytes),
      workerData: { output, code: this.#code } satisfies WorkerData,
      transferList: [output.port],
    });
    const wanted = (): boolean => !this.#ending && !this.#replaced;
    worker.on("message", (message: FromJobThread) => {
      if (message.type === "heap" && mayAsk && message.heapBytes !== heapBytes) void this.#replace(message.heapBytes);
      this.#handlers.onMessage(message);
    });
    worker.on("error", (error: Error & { code?: string }) => {
      if (wanted()) this.#lost(lostBecause(error, heapBytes, this.#resultBytes));
    });
    worker.on("exit", (code) => {
      if (!wanted()) return;
      this.#lost(
        jobThreadEnded(
          `the job's code ended its own driver thread with process.exit(${code}). The job is stopped. ` +
            `Use ssc.stop() to end a job, or throw an error to fail it.`,
        ),
      );
    });
    worker.postMessage({ type: "build", ...this.#build, heapBytes: mayAsk ? heapBytes : undefined } satisfies Build);
    return worker;
  }

  async #replace(heapBytes: number): Promise<void> {
    this.#replaced = true;
    await this.#worker.terminate(); // its output stays: the next one writes to the same ring
    this.#replaced = false;
    if (!this.#ending) this.#worker = this.#start(heapBytes, { mayAsk: false });
  }

  #lost(error: EngineError): void {
    this.#ending = true;
    this.#handlers.onLost(error);
  }
}

/** A smaller result is unlikely to have filled a heap. */
const TELLING_BYTES_MIN = 1 << 20;

/** The bytes in the answer to an action, which has the blocks of its partitions; other answers are small. */
function resultBytes(value: unknown): number {
  if (typeof value !== "object" || value === null || !("partitions" in value) || !Array.isArray(value.partitions))
    return 0;
  const partitions: readonly unknown[] = value.partitions;
  return partitions.reduce<number>((sum, block) => sum + (block instanceof Uint8Array ? block.byteLength : 0), 0);
}

function lostBecause(error: Error & { code?: string }, heapBytes: number, lastResultBytes: number): EngineError {
  if (error.code === "ERR_WORKER_OUT_OF_MEMORY") {
    const given =
      lastResultBytes < TELLING_BYTES_MIN
        ? ", because of data that the job's code keeps, a broadcast variable, or an RDD made from a collection"
        : `; the last result it received, of a collect() or the like, has ${formatSize(lastResultBytes)} (encoded)`;
    const enough = sizeSetting(Math.max(2 * heapBytes, heapFor(lastResultBytes)));
    return driverOutOfMemory(
      `the job's driver thread ran out of its heap of ${sizeSetting(heapBytes)}${given}. The job is stopped. ` +
        `Aggregate on the executors, take(n), or raise driver.heap from ${sizeSetting(heapBytes)} to ${enough}.`,
      { cause: error, fields: { heapBytes, lastResultBytes } },
    );
  }
  return jobThreadEnded(
    `the job's driver thread ended by an uncaught error: ${describeThrown(error)}. The job is stopped. Catch the error, or await the promise that rejected.`,
    {
      cause: error,
    },
  );
}
