import { closeSync, createReadStream, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { localPath } from "@millrace/storage";
import { inputFileFailed, outputFileFailed } from "../errors.ts";
import type { FileOutput, TaskFiles } from "../ports.ts";

const READ_BYTES = 256 * 1024;

/** The files of tasks on this machine, by blocking calls; paths with or without `file:`. */
export const localTaskFiles: TaskFiles = {
  read: readFrom,
  unzip: unzipped,
  create: (directory, name) => new LocalOutput(join(localPath(directory), "_temporary"), name),
};

function* readFrom(path: string, start: number): Generator<Uint8Array, void, undefined> {
  const file = attempt(path, "opened", () => openSync(localPath(path), "r"));
  try {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    for (let position = start; ; ) {
      const at = position;
      const read = attempt(path, "read", () => readSync(file, buffer, 0, READ_BYTES, at));
      if (read === 0) return;
      position += read;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

function attempt<T>(path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw failedToRead(path, what, error);
  }
}

function failedToRead(path: string, what: string, error: unknown) {
  return inputFileFailed(
    `the input file ${path} could not be ${what}: ${reason(error)}. ` +
      "The file must stay in place, readable on every executor, until its batch is done.",
    { cause: error, fields: { path } },
  );
}

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

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }

  abandon(): void {
    this.close();
    rmSync(this.#path, { force: true });
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

async function* unzipped(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const file = createReadStream(localPath(path), { highWaterMark: READ_BYTES });
  const zip = createGunzip({ chunkSize: READ_BYTES });
  file.once("error", (error) => zip.destroy(error)); // a pipe does not hand errors on
  try {
    for await (const piece of file.pipe(zip)) yield piece as Uint8Array; // a gunzip's chunks
  } catch (error) {
    throw failedToRead(path, "unzipped", error);
  } finally {
    file.destroy();
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
