import { closeSync, fstatSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { WrittenFile } from "@millrace/plan";
import { localPath, localVersion } from "@millrace/storage";
import { outputFileFailed } from "../errors.ts";
import type { FileOutput, TaskFiles } from "../ports.ts";
import { LocalInput, LocalZippedInput } from "./local-input.ts";

/** The files of tasks on this machine, by blocking calls; paths with or without `file:`. */
export const localTaskFiles: TaskFiles = {
  read: (file, start) => new LocalInput(file, start),
  unzip: (file) => new LocalZippedInput(file),
  create: (directory, name) => new LocalOutput(join(localPath(directory), "_temporary"), name),
};

class LocalOutput implements FileOutput {
  readonly #path: string;
  readonly #file: number;
  #open = true;

  constructor(directory: string, name: string) {
    this.#path = join(directory, name);
    // The driver has made the directory, and removes it when the save fails: a task that is late must not make it anew.
    this.#file = this.#attempt(() => openSync(this.#path, "w"));
  }

  write(bytes: Uint8Array): void {
    this.#attempt(() => {
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written, bytes.length - written);
      }
    });
  }

  close(): Omit<WrittenFile, "file"> {
    return this.#attempt(() => {
      const stat = fstatSync(this.#file, { bigint: true });
      this.#release();
      return { bytes: Number(stat.size), token: localVersion(stat) };
    });
  }

  abandon(): void {
    this.#release();
    rmSync(this.#path, { force: true });
  }

  #release(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  #attempt<T>(write: () => T): T {
    try {
      return write();
    } catch (error) {
      const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
      const remedy = gone
        ? "The driver makes this directory before: output has to be on storage that the driver and all executors share."
        : "Check the directory's permissions and the free disk space on this executor.";
      throw outputFileFailed(`the output file ${this.#path} could not be written: ${reason(error)}. ${remedy}`, {
        cause: error,
        fields: { path: this.#path },
      });
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
