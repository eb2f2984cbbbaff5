import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(import.meta.resolve("@millrace/cli/main"));

/** The end of a process. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Watcher {
  readonly pattern: RegExp;
  readonly found: (match: RegExpExecArray) => void;
  readonly never: (error: Error) => void;
}

/**
 * A process of this machine under test: its output can be waited for, its end is known, and it never outlives the test
 * that calls `end`.
 */
export class TestProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #name: string;
  #stdout = "";
  #stderr = "";
  #over = false;
  #watchers: Watcher[] = [];

  /** The command line, as a user runs it: `millrace ARGS`. */
  static millrace(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ): TestProcess {
    return new TestProcess(`millrace ${args.join(" ")}`, process.execPath, [CLI, ...args], options);
  }

  constructor(
    name: string,
    command: string,
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
  ) {
    this.#name = name;
    this.child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    this.ended = new Promise((resolve) => {
      this.child.once("close", (code, signal) => {
        this.#over = true;
        this.#look();
        for (const watcher of this.#watchers)
          watcher.never(new Error(`${this.#name} ended before it said ${watcher.pattern}:\n${this.output}`));
        this.#watchers = [];
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get pid(): number {
    const { pid } = this.child;
    if (pid === undefined) throw new Error(`${this.#name} could not be started`);
    return pid;
  }

  get output(): string {
    return `${this.#stdout}\n${this.#stderr}`;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves with the first match in what the process has written or will write; rejects when it ends without. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((found, never) => {
      this.#watchers.push({ pattern, found, never });
      this.#look();
      if (this.#over) {
        const left = this.#watchers;
        this.#watchers = [];
        for (const watcher of left)
          watcher.never(new Error(`${this.#name} ended before it said ${watcher.pattern}:\n${this.output}`));
      }
    });
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.child.kill(signal);
  }

  /** Ends it if it still runs: with SIGTERM, and by force when it does not listen. */
  async end(): Promise<Ended> {
    if (!this.#over) {
      this.child.kill("SIGTERM");
      const force = setTimeout(() => this.child.kill("SIGKILL"), 8_000);
      await this.ended;
      clearTimeout(force);
    }
    return this.ended;
  }

  #look(): void {
    this.#watchers = this.#watchers.filter((watcher) => {
      const match = watcher.pattern.exec(this.#stdout) ?? watcher.pattern.exec(this.#stderr);
      if (match === null) return true;
      watcher.found(match);
      return false;
    });
  }
}
