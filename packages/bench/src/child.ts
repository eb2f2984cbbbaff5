import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { processTree } from "./process-tree.ts";

/** A report of a job or a program to the harness: a line of standard output, `BENCH {…}`. */
export type Report = Readonly<Record<string, number>>;

const MARK = "BENCH ";
const STOP_GRACE_MS = 10_000;
const OUTPUT_KEPT = 40;

/** The line that carries a report. */
export function reportLine(report: Report): string {
  return MARK + JSON.stringify(report);
}

export interface ChildOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly onReport?: (report: Report) => void;
  /** Each line of output that is not a report, from either stream. */
  readonly onLine?: (line: string) => void;
}

/** A Node program under measurement. Its starter awaits `done` or calls `stop`. */
export class Child {
  readonly pid: number;
  /** When it was started, in milliseconds of `performance`. */
  readonly startedAt = performance.now();
  readonly reports: Report[] = [];
  /** Resolves when it has exited with code 0; otherwise rejects with the end of its output. */
  readonly done: Promise<void>;
  readonly #process: ChildProcess;
  readonly #lastLines: string[] = [];
  #stopping = false;

  constructor(options: ChildOptions) {
    this.#process = spawn(process.execPath, [...options.args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.pid = this.#process.pid ?? 0;
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#onLine(line, options));
    }
    this.done = new Promise((resolve, reject) => {
      this.#process.once("error", reject);
      this.#process.once("close", (code, signal) => {
        if (code === 0 || this.#stopping) resolve();
        else
          reject(
            new Error(`node ${options.args.join(" ")} ended with ${signal ?? code}:\n${this.#lastLines.join("\n")}`),
          );
      });
    });
    this.done.catch(() => {}); // told to whoever waits; one who only stops it does not care
  }

  /** Asks it to exit, and kills it with all its descendants if it does not. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const tree = processTree(this.pid);
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => {
      for (const { pid } of tree) kill(pid);
    }, STOP_GRACE_MS);
    await this.done.catch(() => {});
    clearTimeout(timer);
  }

  #onLine(line: string, options: ChildOptions): void {
    if (line.startsWith(MARK)) {
      const report: Report = JSON.parse(line.slice(MARK.length)); // only `reportLine` writes such lines
      this.reports.push(report);
      options.onReport?.(report);
      return;
    }
    this.#lastLines.push(line);
    if (this.#lastLines.length > OUTPUT_KEPT) this.#lastLines.shift();
    options.onLine?.(line);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}

/** Runs a program to its end and returns its reports. */
export async function reportsOf(options: ChildOptions): Promise<readonly Report[]> {
  const child = new Child(options);
  try {
    await child.done;
  } finally {
    await child.stop();
  }
  return child.reports;
}

/** The values of one field, in order of the reports. */
export function column(reports: readonly Report[], field: string): number[] {
  return reports.map((report) => {
    const value = report[field];
    if (value === undefined) throw new Error(`a report has no ${field}: ${JSON.stringify(report)}`);
    return value;
  });
}
