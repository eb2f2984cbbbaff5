import { clauseOf, EngineError, thrownMessage } from "@millrace/base";
import {
  type BlockingFiles,
  type BlockingReader,
  changedSince,
  type FileReader,
  type FileSystem,
  type FileSystems,
  fileChanged,
  fileNotFound,
  type ListedFile,
} from "@millrace/files";
import { inputFileFailed } from "../errors.ts";

const READ_BYTES = 256 * 1024;

/**
 * The bytes of a file from an offset on, in pieces of limited size, each valid until the next. They must be those of
 * the listed version. The first piece opens the file. Reading throws FILE_CHANGED, FILE_NOT_FOUND or INPUT_FILE_FAILED.
 */
export interface FilePieces {
  /** True if pieces arrive asynchronously, so that `nextLater` must be called in place of `next`. */
  readonly later: boolean;
  /** The next piece; `undefined` at the end of the file. */
  next(): Uint8Array | undefined;
  nextLater(): Promise<Uint8Array | undefined>;
  /**
   * Called after the last piece. If it throws, the data read before may be of two versions, which may also explain
   * another error, the `cause`.
   *
   * @throws FILE_CHANGED
   */
  verify(cause?: unknown): void | Promise<void>;
  /** Releases the file; may be called repeatedly. `verify` checks the version at that time. */
  close(): void | Promise<void>;
}

/** Closes pieces after an error, in the background. Errors of closing are ignored: the first error is the one to report. */
export function letGo(pieces: FilePieces): void {
  pieces.close()?.catch(() => {});
}

/**
 * The one place that decides whether a task reads with blocking calls, if the file system has them, or asynchronously.
 */
export function readPieces(files: FileSystems, file: ListedFile, start = 0): FilePieces {
  const system = files.for(file.path);
  return system.blocking === undefined
    ? new LaterPieces(system, file, start)
    : new BlockingPieces(system.blocking, file, start);
}

class BlockingPieces implements FilePieces {
  readonly later = false;
  readonly #files: BlockingFiles;
  readonly #file: ListedFile;
  #position: number;
  #reader: BlockingReader | undefined;
  #buffer: Uint8Array | undefined;
  /** The file's version when it was closed. */
  #closedAs: string | undefined;

  constructor(files: BlockingFiles, file: ListedFile, start: number) {
    this.#files = files;
    this.#file = file;
    this.#position = start;
  }

  next(): Uint8Array | undefined {
    const reader = this.#reader ?? this.#open();
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
    let read: number;
    try {
      read = reader.read(this.#buffer, this.#position);
    } catch (error) {
      throw failedToRead(this.#file, "read", error);
    }
    this.#position += read;
    return read === 0 ? undefined : this.#buffer.subarray(0, read);
  }

  async nextLater(): Promise<Uint8Array | undefined> {
    return this.next();
  }

  verify(cause?: unknown): void {
    compare(this.#file, this.#reader === undefined ? this.#closedAs : this.#reader.version(), cause);
  }

  close(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#closedAs = reader.version();
    this.#reader = undefined;
    this.#buffer = undefined;
    reader.close();
  }

  #open(): BlockingReader {
    try {
      this.#reader = this.#files.open(this.#file.path);
    } catch (error) {
      throw failedToRead(this.#file, "opened", error);
    }
    this.verify();
    return this.#reader;
  }
}

class LaterPieces implements FilePieces {
  readonly later = true;
  readonly #files: FileSystem;
  readonly #file: ListedFile;
  #position: number;
  #reader: FileReader | undefined;
  #buffer: Uint8Array | undefined;
  #closedAs: string | undefined;

  constructor(files: FileSystem, file: ListedFile, start: number) {
    this.#files = files;
    this.#file = file;
    this.#position = start;
  }

  next(): undefined {
    return undefined; // callers that checked `later` call `nextLater`
  }

  async nextLater(): Promise<Uint8Array | undefined> {
    const reader = this.#reader ?? (await this.#open());
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES);
    try {
      const read = await reader.read(this.#buffer, this.#position);
      this.#position += read;
      return read === 0 ? undefined : this.#buffer.subarray(0, read);
    } catch (error) {
      throw failedToRead(this.#file, "read", error);
    }
  }

  async verify(cause?: unknown): Promise<void> {
    compare(this.#file, this.#reader === undefined ? this.#closedAs : await this.#reader.version(), cause);
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    this.#buffer = undefined;
    try {
      this.#closedAs = await reader.version();
    } finally {
      await reader.close();
    }
  }

  async #open(): Promise<FileReader> {
    let reader: FileReader;
    try {
      reader = await this.#files.open(this.#file.path);
    } catch (error) {
      throw failedToRead(this.#file, "opened", error);
    }
    this.#reader = reader;
    await this.verify();
    return reader;
  }
}

function compare({ path, version }: ListedFile, now: string | undefined, cause: unknown): void {
  if (now !== undefined && now !== version) throw changedSince(path, version, now, cause);
}

function failedToRead({ path }: ListedFile, what: string, error: unknown): unknown {
  const options = { cause: error, fields: { path } };
  const code = error instanceof EngineError ? error.code : undefined;
  if (code === fileChanged.code) return error;
  if (code === fileNotFound.code) {
    return fileNotFound(
      `the input file ${path} could not be ${what}: nothing exists at that path any more, or this executor does not see the storage ` +
        "that the driver listed. Its batch fails. Leave files in place until the batch that reads them is done, at a path that " +
        "every executor has; use a filter to exclude the temporary names of other writers.",
      options,
    );
  }
  return inputFileFailed(
    `the input file ${path} could not be ${what}: ${clauseOf(thrownMessage(error))}. ` +
      "The file must stay in place, readable on every executor, until its batch is done.",
    options,
  );
}
