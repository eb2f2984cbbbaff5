import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createLogger,
  deferred,
  formatDuration,
  jobId,
  logLevel,
  parseConf,
  SystemClock,
  type TakeOutput,
  type WireError,
} from "@millrace/base";
import { type Artefact, installArtefact, packArtefact } from "@millrace/bundler";
import type { BatchSummary, DrainSummary } from "@millrace/rpc";
import { beginInWords } from "@millrace/rpc/resumed";
import type { StopRequest } from "@millrace/scheduler";
import type { ExecutorMemory, JobDriverEvent } from "../job/events.ts";
import { JobDriver } from "../job/job-driver.ts";
import { workerThread } from "../job/thread/worker-thread.ts";
import type { EmbeddedExecutors } from "./embedded-executors.ts";
import { startExecutors } from "./executors.ts";
import type { Master } from "./master.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface RunEmbeddedOptions {
  /** The bundled job; executors start while it is still being built. */
  readonly artefact: Promise<Artefact>;
  readonly master: Master;
  /** The number of batches to complete before a graceful stop; `undefined`: until interrupted. */
  readonly batches: number | undefined;
  /** End when the inputs have given what they held at the start. */
  readonly availableNow: boolean;
  readonly conf: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  /** Names of what may be dropped from the checkpoint. */
  readonly drop: readonly string[];
  /** Aborted by a first Ctrl-C and by a second one. */
  readonly signal: { readonly graceful: AbortSignal; readonly immediate: AbortSignal };
  /** Takes the output of `print()` and of user code in this process. */
  readonly output: TakeOutput;
  /** Takes the job's output on executor processes, and their logs. */
  readonly executorOutput: TakeOutput;
  /** Warnings for the operator. */
  readonly onWarning: (message: string) => void;
  readonly onProgress: (step: string) => void;
  /** Called when a batch starts and when it has ended. */
  readonly onBatch: (batch: BatchSummary) => void;
  /** Called while the job stops gracefully, whenever it waits for something else. */
  readonly onDraining: (draining: DrainSummary) => void;
}

/** The failure of a job of `run`. */
export interface RunFailure {
  /** `killed`: it was ended before all of its work was done. */
  readonly state: "failed" | "killed";
  readonly error: WireError;
  /** Its batches had started. */
  readonly ran: boolean;
}

/**
 * Executors of an embedded cluster start at once or not at all; after this time, batches start with those that are ready.
 */
const GATHER_MS = 10_000;

/**
 * Runs one job on a cluster of its own, from its first batch to its last.
 *
 * @returns Its failure; `undefined` if its batches are done, or it was stopped without loss.
 */
export async function runEmbedded(options: RunEmbeddedOptions): Promise<RunFailure | undefined> {
  const directory = await temporaryFolder("run");
  const job = jobId("run");
  const log = createLogger({ name: "run", level: logLevel() ?? "error" });
  const memory = deferred<ExecutorMemory>();
  memory.promise.catch(() => undefined); // reported to whoever awaits the job's end
  const accept = deferred<JobDriver>();
  accept.promise.catch(() => undefined); // there may be no listener when bundling fails
  const executors = await startExecutors(options.master, {
    job,
    directory,
    memory: memory.promise,
    log,
    output: options.output,
    executorOutput: options.executorOutput,
    onSession: (session) =>
      void accept.promise.then(
        (driver) => driver.accept(session),
        () => session.close(),
      ),
    onExit: (executor, error) =>
      void accept.promise.then(
        (driver) => driver.explainLoss(executor, error),
        () => undefined,
      ),
  });
  let ran = false;
  try {
    const artefact = await options.artefact;
    const packed = packArtefact(artefact);
    const installed = await installArtefact(packed, join(directory, "code"));
    const driver = await JobDriver.start({
      job,
      name: undefined,
      thread: workerThread({ module: installed.driver, externals: installed.manifest.externals.length > 0 }),
      artefact: packed,
      args: options.args,
      drop: options.drop,
      conf: options.conf,
      dataDir: directory,
      heapBytes: parseConf(options.conf)["driver.heap"],
      batches: options.batches,
      availableNow: options.availableNow,
      data: executors.data,
      cluster: options.master.kind !== "local",
      executors: options.master.kind === "local" ? 1 : options.master.executors,
      gatherMs: GATHER_MS,
      clock: new SystemClock(),
      log,
      output: options.output,
      executorsHint: "`run` starts its executors by itself, and restarts a lost one after a pause.",
      onEvent: (event) => {
        if (event.type === "built") memory.resolve(event.memory);
        if (event.type === "running") ran = true;
        report(event, options);
      },
    });
    accept.resolve(driver);
    stopOn(options.signal, driver);
    let noExecutors: { readonly error: unknown } | undefined;
    executors.failed.catch((error: unknown) => {
      noExecutors = { error };
      driver.stop({ graceful: false, reason: { kind: "operator" } });
    });
    const end = await driver.ended;
    if (noExecutors !== undefined) throw noExecutors.error; // the reason why the job was stopped
    return end.state === "finished" ? undefined : { ...end, ran };
  } catch (error) {
    accept.reject(error);
    throw error;
  } finally {
    memory.reject(new Error("the job was not built"));
    await close(executors, directory);
  }
}

function report(event: JobDriverEvent, options: RunEmbeddedOptions): void {
  if (event.type === "warning" && event.told) options.onWarning(event.warning.message);
  else if (event.type === "warningOver" && event.over.message !== undefined) options.onWarning(event.over.message);
  else if (event.type === "batch") options.onBatch(event.batch);
  else if (event.type === "draining") options.onDraining(event.draining);
  else if (event.type === "built") {
    options.onProgress(`job ${event.name} built, a batch every ${formatDuration(event.batchIntervalMs)}`);
    if (event.log !== undefined) options.onProgress(beginInWords(event.log));
  } else if (event.type === "running")
    options.onProgress(`running on ${event.executors} executor${event.executors === 1 ? "" : "s"}; Ctrl-C stops it`);
}

function stopOn(signal: RunEmbeddedOptions["signal"], driver: JobDriver): void {
  const on = (when: AbortSignal, how: StopRequest): void => {
    if (when.aborted) driver.stop(how);
    else when.addEventListener("abort", () => driver.stop(how), { once: true });
  };
  on(signal.graceful, { graceful: true });
  on(signal.immediate, { graceful: false, reason: { kind: "operator" } });
}

async function close(executors: EmbeddedExecutors, directory: string): Promise<void> {
  await executors.close();
  await rm(directory, { recursive: true, force: true });
}
