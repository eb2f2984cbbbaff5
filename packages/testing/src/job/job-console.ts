import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

type Level = "log" | "info" | "debug" | "warn" | "error";
const LEVELS: readonly Level[] = ["log", "info", "debug", "warn", "error"];

/** Whose code runs: it follows awaits, so that jobs of one process do not mix. */
const current = new AsyncLocalStorage<JobConsole | "muted">();
const installed: {
  readonly level: Level;
  readonly original: typeof console.log;
  readonly noting: typeof console.log;
}[] = [];
const listening = new Set<JobConsole>();

/** Notes what a job writes to the console, beside passing it on. */
export class JobConsole {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Runs the job's code so that its lines are noted here. */
  run<T>(work: () => T): T {
    if (listening.size === 0) intercept();
    listening.add(this);
    return current.run(this, work);
  }

  /** Runs the job's code so that its lines are neither noted nor passed on. */
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
      // Beneath may be one of ours, which somebody's spy had covered when we last took ours away.
      current.exit(() => original.apply(console, parts));
    };
    console[level] = noting;
    installed.push({ level, original, noting });
  }
}

function restore(): void {
  for (const { level, original, noting } of installed.splice(0)) {
    if (console[level] === noting) console[level] = original; // else somebody put theirs on top, and will take it away
  }
}
