import { renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type ExecutorId, type JobId, type Logger, ownFolder, sweepFolders, thrownMessage } from "@millrace/base";

/** What an executor's processes work in, below `--work-dir`: a folder for each job. */
export class WorkFolder {
  readonly #folder: string;
  readonly #log: Logger;
  /** False if another executor of this name works there: the driver refuses this one. */
  readonly #owned: boolean;

  /** Removes what executors left there that were killed. */
  constructor(workDir: string, executor: ExecutorId, log: Logger) {
    this.#log = log;
    const swept = sweepFolders(workDir);
    if (swept.length > 0) log.info({ swept }, `removed what executors left that were killed: ${swept.join(", ")}`);
    this.#folder = join(workDir, executor);
    this.#owned = ownFolder(this.#folder);
  }

  of(job: JobId): string {
    return join(this.#folder, job);
  }

  /** A job's process that was killed could not remove its folder. Another of the same job may start while this is removed. */
  removeOf(job: JobId, pid: number | undefined): void {
    const left = join(this.#folder, `ended-${pid ?? job}`);
    try {
      renameSync(this.of(job), left);
    } catch {
      return; // it has removed it
    }
    void this.#remove(left);
  }

  /** Never rejects. */
  async remove(): Promise<void> {
    if (this.#owned) await this.#remove(this.#folder);
  }

  async #remove(folder: string): Promise<void> {
    try {
      await rm(folder, { recursive: true, force: true });
    } catch (error) {
      this.#log.warn(`could not remove ${folder}: ${thrownMessage(error)}. Remove it; nothing there is needed.`);
    }
  }
}
