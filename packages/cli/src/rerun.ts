import { relative } from "node:path";
import { millis, type Timer } from "@millrace/base";
import { type Console, tell, tellError } from "./console.ts";
import type { FileWatcher, Interrupts } from "./engine.ts";
import { EXIT } from "./failure.ts";

/** An editor that saves a file touches it several times; a change counts when nothing followed it for this long. */
const QUIET = millis(50);

/**
 * A file that an import may miss, or a folder that has it. Logs are none: a job whose output goes to a file beside it would be
 * started by what it prints.
 */
const IMPORTABLE = /\.([cm]?[jt]sx?|json)$|(^|[\\/])[^\\/.]+$/;

/** One run of the job. Resolves with its exit code; throws what refused the job before its first batch. */
export type StartRun = (signal: Interrupts, onFile: (path: string) => void) => Promise<number>;

/**
 * Runs a job, and again whenever one of its files changes: the run before is stopped gracefully, or at once if another
 * change comes while it stops. A job that has ended, failed or does not compile is run again with the next change.
 *
 * @returns The exit code, when the user interrupts it.
 * @throws What `start` throws if it has read no file: there is nothing whose change could be waited for.
 */
export async function rerunOnChange(console: Console, verbose: boolean, start: StartRun): Promise<number> {
  const job = new WatchedJob(console);
  try {
    for (;;) {
      const code = await start(job.begin(), (path) => job.addFile(path)).catch(async (error: unknown) => {
        if (!job.hasFiles) throw error;
        await tellError(console, error, { json: false, verbose });
        job.doesNotCompile();
        return EXIT.refused;
      });
      if (console.interrupts.graceful.aborted) return code;
      if (!(await job.whenChanged())) return EXIT.done;
    }
  } finally {
    job.close();
  }
}

/** The files of a job and what becomes of its run when they change. */
class WatchedJob {
  readonly #console: Console;
  readonly #watcher: FileWatcher;
  /** Of the last run that came to read any. */
  readonly #files = new Set<string>();
  #filesAreOfThisRun = false;
  /** A file nearby, in no list, may be what is missing. */
  #anyImportable = false;
  #settling: Timer | undefined;
  #graceful = new AbortController();
  #immediate = new AbortController();
  #changed = false;
  #onChanged: (() => void) | undefined;

  constructor(console: Console) {
    this.#console = console;
    this.#watcher = console.engine.watchFiles(
      (path) => this.#touched(path),
      (warning) => tell(console, warning),
    );
  }

  get hasFiles(): boolean {
    return this.#files.size > 0;
  }

  /** The signals that end the run that begins now. */
  begin(): Interrupts {
    const { graceful, immediate } = this.#console.interrupts;
    this.#filesAreOfThisRun = false;
    this.#anyImportable = false;
    this.#changed = false;
    this.#graceful = new AbortController();
    this.#immediate = new AbortController();
    return {
      graceful: AbortSignal.any([graceful, this.#graceful.signal]),
      immediate: AbortSignal.any([immediate, this.#immediate.signal]),
    };
  }

  addFile(path: string): void {
    if (!this.#filesAreOfThisRun) this.#files.clear();
    this.#filesAreOfThisRun = true;
    this.#files.add(path);
    this.#watcher.add(path);
  }

  doesNotCompile(): void {
    this.#anyImportable = true;
  }

  /** Resolves when a file has changed since the run began; `false`: the user interrupted first. */
  async whenChanged(): Promise<boolean> {
    if (this.#changed) return true;
    tell(this.#console, "waiting for a change of the job's files; Ctrl-C ends this");
    const { graceful } = this.#console.interrupts;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        graceful.removeEventListener("abort", done);
        resolve();
      };
      this.#onChanged = done;
      graceful.addEventListener("abort", done);
    });
    this.#onChanged = undefined;
    return this.#changed;
  }

  close(): void {
    this.#settling?.cancel();
    this.#watcher.close();
  }

  #touched(path: string): void {
    if (!this.#files.has(path) && !(this.#anyImportable && IMPORTABLE.test(path))) return;
    this.#settling?.cancel();
    this.#settling = this.#console.clock.after(QUIET, () => this.#hasChanged(path));
  }

  #hasChanged(path: string): void {
    if (this.#console.interrupts.graceful.aborted) return;
    if (this.#changed) return this.#immediate.abort();
    this.#changed = true;
    tell(this.#console, `${relative("", path)} has changed: starting again`);
    this.#graceful.abort();
    this.#onChanged?.();
  }
}
