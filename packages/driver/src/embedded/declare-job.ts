import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "@millrace/api/engine";
import { deferred, fromWireError, parseConf, type TakeOutput } from "@millrace/base";
import { type Artefact, installArtefact, packArtefact } from "@millrace/bundler";
import type { PartFinding } from "@millrace/scheduler";
import type { JobThread } from "../job/thread/job-thread.ts";
import type { FromJobThread } from "../job/thread/protocol.ts";
import { workerThread } from "../job/thread/worker-thread.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface DeclareOptions {
  readonly artefact: Artefact;
  /** In place of the job's own. */
  readonly name?: string | undefined;
  readonly args: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  /** A checkpoint directory to compare the job with. */
  readonly compareWith?: string | undefined;
  /** Try to reach what the job names outside. */
  readonly connects?: boolean | undefined;
  /** Takes the output of `build`. */
  readonly output: TakeOutput;
  readonly onWarning: (message: string) => void;
  /** Cancels. */
  readonly signal: AbortSignal;
}

/** The declarations of a job. */
export interface DeclaredJob {
  readonly name: string;
  readonly batchIntervalMs: number;
  /** If it was to be compared with a checkpoint. */
  readonly findings: readonly PartFinding[] | undefined;
  /** If they were to be tried. */
  readonly connections: readonly Connection[] | undefined;
}

/**
 * Runs only a job's `build`, which checks the captures of its functions and the completeness of the graph. There is no
 * cluster, and no batch starts; side effects of `build` itself happen.
 *
 * @throws The errors that would keep the job from starting.
 */
export async function declareJob(options: DeclareOptions): Promise<DeclaredJob> {
  const { artefact, name, args, conf, compareWith, connects = false, signal } = options;
  const directory = await temporaryFolder("check");
  const end = deferred<DeclaredJob>();
  const onMessage = (message: FromJobThread): void => {
    if (message.type === "built") {
      const { name, batchIntervalMs, findings, connections } = message;
      end.resolve({ name, batchIntervalMs, findings, connections });
    } else if (message.type === "failed") end.reject(fromWireError(message.error));
    else if (message.type === "warn") options.onWarning(message.warning.message);
  };
  let thread: JobThread | undefined;
  const onAbort = (): void => end.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const { driver: module } = await installArtefact(packArtefact(artefact), join(directory, "code"));
    const externals = artefact.manifest.externals.length > 0;
    const directories = { directory: join(directory, "state"), looksOnly: true, probes: false };
    const build = { name, args, drop: [], conf, ...directories, compareWith, connects, availableNow: false };
    thread = workerThread({ module, externals })(
      { heapBytes: parseConf(conf)["driver.heap"], output: options.output, build },
      { onMessage, onLost: (error) => end.reject(error) },
    );
    return await end.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
    await thread?.terminate();
    await rm(directory, { recursive: true, force: true });
  }
}
