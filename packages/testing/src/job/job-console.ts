import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

type Level = "log" | "info" | "debug" | "warn" | "error";
const LEVELS: readonly Level[] = ["log", "info", "debug", "warn", "error"];

/** The job whose code is running: it follows awaits, so that jobs of one process do not mix. */
const current = new AsyncLocalStorage<JobConsole | "muted">();
const installed: {
  readonly level: Level;
  readonly original: typeof console.log;
  readonly noting: typeof console.log;
}[] = [];
const listening = new Set<JobConsole>();

/** Records what a job writes to the console and passes it on. */
export class JobConsole {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Runs the job's code and records its output here. */
  run<T>(work: () => T): T {
    if (listening.size === 0) intercept();
    listening.add(this);
    return current.run(this, work);
  }

  /** Runs the job's code without recording or passing on its output. */
  muted<T>(work: () => T): T {
    return current.run("muted", work);
  }

  close(): void {
    if (listening.delete(this) && listening.size === 0) restore();
  }

  note(line: string): void {
    this.#lines.push(line);
  }
}

function intercept(): void {
  for (const level of LEVELS) {
    const original = console[level];
    const noting = (...parts: unknown[]): void => {
      const job = current.getStore();
      if (job === "muted") return;
      job?.note(format(...parts));
      // Underneath may be another of ours, which a spy covered when ours was last removed.
      current.exit(() => original.apply(console, parts));
    };
    console[level] = noting;
    installed.push({ level, original, noting });
  }
}

function restore(): void {
  for (const { level, original, noting } of installed.splice(0)) {
    if (console[level] === noting) console[level] = original; // otherwise someone else has replaced it, and will restore it
  }
}
