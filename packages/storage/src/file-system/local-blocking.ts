import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { changingFile } from "@millrace/base";
import {
  type BlockingAppender,
  type BlockingFiles,
  type BlockingReader,
  type BlockingWriter,
  type Location,
  localVersion,
  locationFrom,
  type WrittenContent,
} from "@millrace/files";
import { fileError, systemCode } from "./system-error.ts";

/** This machine's own files, with calls that block the thread. */
export const localBlockingFiles: BlockingFiles = {
  open: (file) => new LocalBlockingReader(file),
  create: (file) => new LocalBlockingWriter(file),
  write: writeAtomically,
  append: (file) => new LocalAppender(file),
};

/** Distinguishes the temporary files of this thread. */
let temporaryCount = 0;

/** A name beside the file that no other process or thread uses, hidden from streams that watch the directory. */
export function temporaryOf(file: Location): string {
  return join(dirname(file), `.${basename(file)}.${process.pid}-${threadId}-${temporaryCount++}.tmp`);
}

function writeAtomically(file: Location, parts: readonly Uint8Array[]): void {
  const temporary = locationFrom(temporaryOf(file));
  try {
    const opened = openMakingParents(temporary);
    try {
      for (const part of parts) writeAll(temporary, opened, part);
    } finally {
      closeSync(opened);
    }
    changingFile(file);
    renameSync(temporary, file);
  } catch (error) {
    rmQuietly(temporary); // the first error is the one to report
    throw fileError("write", file, error);
  }
}

function openMakingParents(file: Location): number {
  changingFile(file);
  try {
    return openSync(file, "w");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    makeDirectories(dirname(file));
    return openSync(file, "w");
  }
}

/** Like that of calls that do not block: `recursive` fails in its own ways, and another thread may make the same ones. */
function makeDirectories(path: string): void {
  try {
    makeDirectory(path);
  } catch (error) {
    const parent = dirname(path);
    if (systemCode(error) !== "ENOENT" || parent === path) throw error;
    makeDirectories(parent);
    makeDirectory(path);
  }
}

/** An existing directory is no error, whichever code `mkdir` reports for it. */
function makeDirectory(path: string): void {
  try {
    changingFile(path);
    mkdirSync(path);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // a leftover, which readers ignore
  }
}

class LocalBlockingReader implements BlockingReader {
  readonly path: Location;
  readonly #file: number;

  constructor(path: Location) {
    this.path = path;
    this.#file = attempt("open", path, () => openSync(path, "r"));
  }

  version(): string {
    return attempt("examine", this.path, () => localVersion(fstatSync(this.#file, { bigint: true })));
  }

  read(target: Uint8Array, position: number): number {
    return attempt("read", this.path, () => readSync(this.#file, target, 0, target.length, position));
  }

  close(): void {
    closeSync(this.#file);
  }
}

class LocalBlockingWriter implements BlockingWriter {
  readonly path: Location;
  readonly #file: number;
  #open = true;

  constructor(path: Location) {
    this.path = path;
    this.#file = attempt("create", path, () => {
      changingFile(path);
      return openSync(path, "w");
    });
  }

  write(chunk: Uint8Array): void {
    attempt("write", this.path, () => writeAll(this.path, this.#file, chunk));
  }

  close(): WrittenContent {
    return attempt("close", this.path, () => {
      const stat = fstatSync(this.#file, { bigint: true });
      this.#release();
      return { bytes: Number(stat.size), token: localVersion(stat) };
    });
  }

  abandon(): void {
    this.#release();
    attempt("remove", this.path, () => rmSync(this.path, { force: true }));
  }

  #release(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

class LocalAppender implements BlockingAppender {
  readonly path: Location;
  readonly #file: number;

  constructor(path: Location) {
    this.path = path;
    // Not created: the file of a removed directory must not come back.
    this.#file = attempt("open", path, () => openSync(path, constants.O_WRONLY | constants.O_APPEND));
  }

  append(chunk: Uint8Array): void {
    attempt("append to", this.path, () => writeAll(this.path, this.#file, chunk));
  }

  sync(): void {
    attempt("make durable", this.path, () => fdatasyncSync(this.#file));
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** `writeSync` may write less than requested. */
function writeAll(path: Location, file: number, chunk: Uint8Array): void {
  changingFile(path, chunk);
  for (let written = 0; written < chunk.length; ) {
    written += writeSync(file, chunk, written, chunk.length - written);
  }
}

function attempt<T>(what: string, path: Location, deed: () => T): T {
  try {
    return deed();
  } catch (error) {
    throw fileError(what, path, error);
  }
}
