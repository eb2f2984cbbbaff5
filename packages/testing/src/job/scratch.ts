import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Folders of test jobs that were not stopped: removed when the process exits. */
const open = new Set<string>();
let watching = false;

/** The folder of one test job: spilled blocks, state, the bundle. */
export class Scratch {
  readonly directory: string;
  /** Its creation time, by the clock of the file system. */
  readonly madeMs: number;

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "millrace-testjob-"));
    this.madeMs = statSync(this.directory).mtimeMs;
    open.add(this.directory);
    if (watching) return;
    watching = true;
    process.once("exit", () => {
      for (const directory of open) rmSync(directory, { recursive: true, force: true });
    });
  }

  /** A folder in it, created if missing. */
  folder(name: string): string {
    const path = join(this.directory, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
    open.delete(this.directory);
  }
}
