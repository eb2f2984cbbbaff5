import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Clock, type EngineError, type JobId, millis } from "@millrace/base";
import { outOfMemoryKills } from "../memory.ts";
import { exitError } from "./exit-reason.ts";
import { LastLines } from "./last-lines.ts";
import type { ToJobExecutor } from "./process-protocol.ts";

type Start = Extract<ToJobExecutor, { readonly type: "start" }>;

/** One job's executor process, seen from the supervisor. */
export class JobProcess {
  readonly job: JobId;
  readonly pid: number | undefined;
  /** Settles when the process is gone: with the reason unless it was asked to go. */
  readonly exited: Promise<EngineError | undefined>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #lines = new LastLines();
  readonly #killsBefore = outOfMemoryKills();
  #stopping = false;

  /**
   * Starts the process, which loads its code while `start` may still be unknown.
   *
   * @param start What to run. If it cannot be had, stop the process.
   */
  constructor(
    job: JobId,
    start: Start | Promise<Start>,
    options: {
      readonly clock: Clock;
      /** Takes what the process writes, for the supervisor's own standard error. */
      readonly output: (text: string) => void;
      readonly logLevel?: string;
    },
  ) {
    this.job = job;
    this.#clock = options.clock;
    this.#child = fork(entry(), [], {
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: options.logLevel === undefined ? process.env : { ...process.env, MILLRACE_LOG: options.logLevel },
    });
    this.pid = this.#child.pid;
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        if (stream === this.#child.stderr) this.#lines.push(text);
        options.output(text);
      });
    }
    this.exited = new Promise((resolve) => {
      // `close`, not `exit`: by then the last lines have been read.
      this.#child.once("close", (code, signal) => resolve(this.#reason(code, signal)));
      this.#child.once("error", (error) => {
        this.#lines.push(`${error.message}\n`);
        if (this.#child.pid === undefined) resolve(this.#reason(null, null)); // it never started
      });
    });
    Promise.resolve(start).then(
      (message) => this.#send(message),
      () => undefined, // told to whoever made the promise, who stops this process
    );
  }

  /** Asks the process to end, and kills it after the grace period. */
  stop(graceMs: number): Promise<EngineError | undefined> {
    if (!this.#stopping) {
      this.#stopping = true;
      if (graceMs > 0) this.#send({ type: "stop" });
      const kill = this.#clock.after(millis(graceMs), () => this.#child.kill("SIGKILL"));
      void this.exited.then(() => kill.cancel());
    }
    return this.exited;
  }

  #send(message: ToJobExecutor): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // a process that just ended cannot be told
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): EngineError | undefined {
    if (this.#stopping || code === 0) return undefined;
    return exitError({
      job: this.job,
      pid: this.pid,
      code,
      signal,
      lastLines: this.#lines.get(),
      outOfMemory: outOfMemoryKills() > this.#killsBefore,
    });
  }
}

/** The compiled entry: beside this file when that is compiled, in `dist` when tests run the source. */
function entry(): string {
  const path = import.meta.url.endsWith(".ts") ? "../../dist/node/job-executor-main.js" : "./job-executor-main.js";
  return fileURLToPath(new URL(path, import.meta.url));
}
