import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { millis, SystemClock } from "@millrace/base";
import manifest from "millrace/package.json" with { type: "json" };
import { Lines } from "./lines.fixture.ts";

/** The command as a user has it, built: the `bin` of the package. */
const COMMAND = join(createRequire(import.meta.url).resolve("millrace/package.json"), "..", manifest.bin.millrace);
const clock = new SystemClock({ unref: true });

/** The end of a process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A program, with its first arguments, that turns into the command. */
  readonly within?: readonly string[];
  /** In a process group of its own, as a shell starts it. */
  readonly group?: true;
}

/** A process under test on this machine: a test can wait for its output, and it does not outlive the test. */
export class TestProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Both streams. */
  readonly lines: Lines;
  #stdout = "";
  #stderr = "";
  #over = false;

  /** The command line, as a user runs it: `millrace ARGS`. */
  static millrace(args: readonly string[], options: ProcessOptions = {}): TestProcess {
    const [command = "", ...more] = [...(options.within ?? []), process.execPath, COMMAND, ...args];
    return new TestProcess(`millrace ${args.join(" ")}`, command, more, options);
  }

  constructor(name: string, command: string, args: readonly string[], options: ProcessOptions = {}) {
    const { MILLRACE_DRIVER: _, MILLRACE_TOKEN: __, ...env } = process.env;
    this.lines = new Lines(name);
    this.child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      detached: options.group === true,
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.lines.push(text, "stdout");
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.lines.push(text, "stderr");
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.#over = true;
        this.lines.end();
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error("the process could not be started");
    return pid;
  }

  says(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return this.lines.says(pattern, from);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** To every process of its group, as a terminal and a service manager do. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Ends it if it still runs: with SIGTERM, and by force when it does not listen. */
  async end(): Promise<Ended> {
    if (this.#over) return this.ended;
    this.child.kill("SIGTERM");
    const force = clock.after(millis(10_000), () => this.child.kill("SIGKILL"));
    await this.ended;
    force.cancel();
    return this.ended;
  }
}
