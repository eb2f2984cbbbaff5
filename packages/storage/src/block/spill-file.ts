import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeDirectory } from "@millrace/base";
import { fileError } from "../file-system/system-error.ts";

/** A range of a spill file. */
export interface SpillRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Files are named after the thread that writes them, so that those of a dead thread can be found. */
const spillPrefix = (owner: number): string => `spill-${owner}-`;
const statePrefix = (owner: number): string => `state-${owner}-`;

/** Whether a file is of this thread. */
export function isOwnedBy(owner: number, name: string): boolean {
  return name.startsWith(spillPrefix(owner)) || name.startsWith(statePrefix(owner));
}

/**
 * The place where one thread stores data that does not fit in memory: one file per task attempt, created on first use.
 * Blocks that outlive the task keep their file; the store removes it with the last of them.
 */
export class SpillDirectory {
  readonly #directory: string;
  readonly #owner: number;
  #count = 0;

  /** @param owner The pool's number of this thread. */
  constructor(directory: string, owner: number) {
    this.#directory = resolve(directory); // the store knows its files by absolute path
    this.#owner = owner;
  }

  /** A new file, which is created with the first append. */
  newFile(): SpillFile {
    return new SpillFile(join(this.#directory, `${spillPrefix(this.#owner)}${this.#count++}`));
  }

  /** The path of a new file for state outside memory; other files may have names that begin with it. The directory exists. */
  newStatePath(): string {
    makeDirectory(resolve(this.#directory));
    return join(this.#directory, `${statePrefix(this.#owner)}${this.#count++}`);
  }
}

/**
 * A file that one thread appends to, blocking: for loops that cannot wait. Not synced: it need not survive a crash of
 * the machine.
 */
export class SpillFile {
  readonly path: string;
  #file: number | undefined;
  #bytes = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Bytes appended so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws DISK_FULL, FILE_IO and the other errors of a file system. */
  append(bytes: Uint8Array): SpillRange {
    const offset = this.#bytes;
    try {
      this.#file ??= this.#open();
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(this.#file, bytes, written, bytes.length - written, offset + written);
      }
    } catch (error) {
      throw fileError("spill to", this.path, error);
    }
    this.#bytes += bytes.length;
    return { path: this.path, offset, length: bytes.length };
  }

  /** Ends writing; the content stays. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Closes and removes the file: for a failed task, or for data that only the task itself reads. */
  discard(): void {
    this.close();
    if (this.#bytes > 0) rmSync(this.path, { force: true });
    this.#bytes = 0;
  }

  #open(): number {
    try {
      return openSync(this.path, "w");
    } catch {
      // Most likely the directory does not exist yet; if not, the second attempt reports the reason.
      makeDirectory(resolve(this.path, ".."));
      return openSync(this.path, "w");
    }
  }
}
