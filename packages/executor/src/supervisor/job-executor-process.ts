import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type Clock,
  type EngineError,
  type JobId,
  logFormat,
  millis,
  type OutputStream,
  type TakeOutput,
} from "@millrace/base";
import type { DataAddress } from "@millrace/rpc";
import { ProcessGroups } from "@millrace/runtime/threads";
import { outOfMemoryKills } from "../memory.ts";
import { exitError } from "./exit-reason.ts";
import { LastLines } from "./last-lines.ts";
import type { FromJobExecutor, ToJobExecutor } from "./process-protocol.ts";
import { WholeLines } from "./whole-lines.ts";

type Start = Extract<ToJobExecutor, { readonly type: "start" }>;

/** Output that a stopping process may still have: the rings of its threads, for 256 slots, and its pipes. */
const LAST_WORDS_BYTES_MAX = 80 << 20;

/** A longer line may be interleaved with other output. */
const LINE_BYTES_MAX = 64 * 1024;

/** One job's executor process, seen from the supervisor. */
export class JobExecutorProcess {
  readonly job: JobId;
  readonly pid: number | undefined;
  /** Settles when the process has exited: with the reason unless it was asked to. */
  readonly exited: Promise<EngineError | undefined>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #lines = new LastLines();
  /** Commands of its tasks, which it may not have ended itself. */
  readonly #commands = new ProcessGroups();
  readonly #killsBefore = outOfMemoryKills();
  #stopping = false;
  /** Bytes read from it and not taken yet. */
  #untaken = 0;
  #slotHeapBytes: number | undefined;

  /**
   * Starts the process, which loads its code while `start` may still be pending.
   *
   * @param start The job to run. If it rejects, stop the process.
   */
  constructor(
    job: JobId,
    start: Start | Promise<Start>,
    options: {
      readonly clock: Clock;
      /** Takes the output of the process. */
      readonly output: TakeOutput;
      readonly logLevel?: string;
    },
  ) {
    this.job = job;
    this.#clock = options.clock;
    this.#child = fork(entry(), [], {
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        ...process.env,
        // Its standard error is a pipe; the format depends on the reader at the end of ours.
        MILLRACE_LOG_FORMAT: logFormat(),
        ...(options.logLevel === undefined ? {} : { MILLRACE_LOG: options.logLevel }),
      },
    });
    this.pid = this.#child.pid;
    this.#read("stdout", options.output);
    this.#read("stderr", options.output);
    this.#child.on("message", (message) => this.#onMessage(message as FromJobExecutor)); // the other end is ours, same release
    // Its last messages may be read after its exit, but not after the channel has closed.
    for (const end of ["exit", "disconnect"]) this.#child.once(end, () => this.#commands.endAll());
    this.exited = new Promise((resolve) => {
      // `close`, not `exit`: by then the last lines have been read.
      this.#child.once("close", (code, signal) => resolve(this.#reason(code, signal)));
      this.#child.once("error", (error) => {
        this.#lines.push(`${error.message}\n`);
        if (this.#child.pid === undefined) resolve(this.#reason(null, null)); // it never started
      });
    });
    Promise.resolve(start).then(
      (message) => {
        this.#slotHeapBytes = message.slotHeapBytes;
        this.#send(message);
      },
      () => undefined, // its maker reports it, and stops this process
    );
  }

  /** The job's driver is gone, and another one will come. */
  hold(): void {
    this.#send({ type: "hold" });
  }

  /** Tells the process where the job's driver is, which may be another one than before. */
  driver(driver: DataAddress, driverRun: number): void {
    this.#send({ type: "driver", driver, driverRun });
  }

  /** Tells the process that its executor is leaving: it ends when its job is over or releases it. */
  leave(): void {
    this.#send({ type: "leave" });
  }

  /** Asks the process to end, and kills it after the grace period. */
  stop(graceMs: number): Promise<EngineError | undefined> {
    if (!this.#stopping) {
      this.#stopping = true;
      this.#child.stdout?.resume();
      this.#child.stderr?.resume();
      if (graceMs > 0) this.#send({ type: "stop" });
      const kill = this.#clock.after(millis(graceMs), () => this.#child.kill("SIGKILL"));
      void this.exited.then(() => kill.cancel());
    }
    return this.exited;
  }

  /** Reads one of its streams, no faster than it is taken: the process waits, as for a full pipe. */
  #read(name: OutputStream, take: TakeOutput): void {
    const stream = this.#child[name];
    const whole = new WholeLines(LINE_BYTES_MAX);
    const pass = (bytes: Uint8Array): void => {
      const taken = bytes.length === 0 ? undefined : take(name, bytes);
      if (taken === undefined) return;
      this.#untaken += bytes.length;
      if (this.#untaken >= this.#untakenMax) stream?.pause();
      void taken.then(() => {
        this.#untaken -= bytes.length;
        stream?.resume();
      });
    };
    stream?.on("data", (bytes: Buffer) => {
      if (name === "stderr") this.#lines.push(bytes.toString("utf8"));
      pass(whole.push(bytes));
    });
    stream?.once("end", () => pass(whole.rest()));
  }

  #onMessage({ type, group }: FromJobExecutor): void {
    if (type === "commandStarted") this.#commands.started(group);
    else this.#commands.ended(group);
  }

  #send(message: ToJobExecutor): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // a process that has just exited cannot be told
  }

  /**
   * A stopping process has little left to write, and writes it at once: it would be killed while waiting for a slow
   * reader.
   */
  get #untakenMax(): number {
    return this.#stopping ? LAST_WORDS_BYTES_MAX : 1;
  }

  #reason(code: number | null, signal: NodeJS.Signals | null): EngineError | undefined {
    if (this.#stopping || code === 0) return undefined;
    return exitError({
      job: this.job,
      pid: this.pid,
      code,
      signal,
      lastLines: this.#lines.get(),
      slotHeapBytes: this.#slotHeapBytes,
      outOfMemory: outOfMemoryKills() > this.#killsBefore,
    });
  }
}

/** The compiled entry: next to this file if this is compiled, in `dist` when tests run the source. */
function entry(): string {
  const path = import.meta.url.endsWith(".ts")
    ? "../../dist/supervisor/job-executor-main.js"
    : "./job-executor-main.js";
  return fileURLToPath(new URL(path, import.meta.url));
}
