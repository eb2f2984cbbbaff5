import { type ChildProcess, fork } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type ErrorFactory, errorKind, type JobId, sizeSetting, toWireError, type WireError } from "@millrace/base";
import { driverOutOfMemory } from "../job/thread/worker-thread.ts";
import type { JobLog } from "./job-log.ts";
import { ENGINE_LOG_FD, type FromJobProcess, type ToJobProcess } from "./job-process-protocol.ts";

const driverProcessExited: ErrorFactory = errorKind("DRIVER_PROCESS_EXITED", "user");

const TAIL_BYTES = 8_192;

export interface JobProcessHandlers {
  onMessage(message: FromJobProcess): void;
  /** The process is gone. `error`: the cause, unless it exited with code 0. */
  onExit(error: WireError | undefined): void;
}

/** The supervisor's handle on one job's driver process: its channel, its output, the reason for its end. */
export class JobDriverProcess {
  readonly #child: ChildProcess;
  readonly #heapBytes: number;
  #tail = "";

  constructor(
    options: { readonly job: JobId; readonly log: JobLog; readonly heapBytes: number },
    handlers: JobProcessHandlers,
  ) {
    const { log, heapBytes } = options;
    this.#heapBytes = heapBytes;
    this.#child = fork(fileURLToPath(new URL("../job/process-main.js", import.meta.url)), [], {
      serialization: "advanced",
      // The last one is for the engine's own log, separate from the job's output.
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      // The job thread has its own limit; the main thread has room for schedulers and blocks.
      execArgv: ["--enable-source-maps", `--max-old-space-size=${Math.ceil(options.heapBytes / 2 ** 20) + 256}`],
      env: { ...process.env, MILLRACE_JOB: options.job },
    });
    this.#child.on("message", (message) => handlers.onMessage(message as FromJobProcess)); // the other end is ours, same release
    const streams = {
      stdout: this.#child.stdout,
      stderr: this.#child.stderr,
      engine: this.#child.stdio[ENGINE_LOG_FD],
    };
    for (const name of ["stdout", "stderr", "engine"] as const) {
      const stream = streams[name];
      if (!(stream instanceof Readable)) continue; // the process did not start
      stream.on("data", (chunk: Buffer) => {
        if (name !== "engine") this.#tail = (this.#tail + chunk.toString("utf8")).slice(-TAIL_BYTES);
        if (log.write(name, chunk)) return;
        stream.pause();
        log.drained(() => stream.resume());
      });
    }
    let over = false;
    const exit = (error: WireError | undefined): void => {
      if (over) return;
      over = true;
      handlers.onExit(error);
    };
    this.#child.on("error", (error) => exit(toWireError(error)));
    this.#child.on("close", (code, signal) => exit(code === 0 ? undefined : toWireError(this.#reason(code, signal))));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToJobProcess): void {
    if (this.#child.connected) this.#child.send(message, () => undefined); // a send that fails is followed by `close`
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    if (/heap out of memory|Reached heap limit/.test(this.#tail)) {
      return driverOutOfMemory(
        `the job's driver process ended ${how} because it ran out of memory, for example by a collect() of a large RDD. Only this job is affected. ` +
          `Aggregate on the executors, use take(n), or raise driver.heap from ${sizeSetting(this.#heapBytes)} to ${sizeSetting(2 * this.#heapBytes)}.`,
      );
    }
    const last = this.#tail.trimEnd().split("\n").slice(-3).join(" | ");
    return driverProcessExited(
      `the job's driver process ended ${how}${last === "" ? "" : `; its last output: ${last}`}. Only this job is affected. ` +
        "`millrace logs` has all of its output.",
      { fields: { ...(code === null ? {} : { exitCode: code }), ...(signal === null ? {} : { signal }) } },
    );
  }
}
