import { type ErrorFactory, errorKind } from "@millrace/base";

/**
 * What a path leads to; `other` is a socket, device or pipe. In listings, `unnameable` is what has a name that is not UTF-8: no
 * path leads to it; `dangling` is a link to nothing; and `unreachable` is what the system cannot look at, such as a loop of links.
 */
export type FileKind = "file" | "directory" | "other" | "unnameable" | "dangling" | "unreachable";

export interface FileStat {
  readonly kind: FileKind;
  /** Size of a file; of anything else what the system says. */
  readonly bytes: number;
  /** Last change of content, milliseconds since the epoch, with a fraction where the system has one. */
  readonly modifiedMs: number;
  /** Names the content: equal while nobody has changed the file, in whatever words its file system uses. */
  readonly version: string;
  /** Why it is `unreachable`: the system's own code, such as `ELOOP`. */
  readonly problem?: string;
}

export interface FileEntry extends FileStat {
  /** The last part of the path. */
  readonly name: string;
  /** The full path, as this file system takes it. */
  readonly path: string;
}

/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file open for reading at any place; for inputs too large to hold. Close it, also after an error. */
export interface FileReader {
  readonly path: string;
  /** Size when it was opened. */
  readonly bytes: number;
  /**
   * Fills `target` from `position` on.
   *
   * @returns The number of bytes read: fewer than `target` holds only at the end of the file, 0 past it.
   */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** A new file being written from its beginning to its end. Its content may be seen by others before `close`. */
export interface FileWriter {
  readonly path: string;
  /** Bytes given so far. */
  readonly bytes: number;
  /** Appends; the view may be reused once the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the file. `sync` waits until it survives a power cut. */
  close(options?: { readonly sync?: boolean }): Promise<void>;
}

/**
 * The one way to files. `file:` is the adapter that comes with the engine; connectors bring `hdfs:` and `s3:`. Paths are
 * absolute or relative to the process, with or without the scheme; every operation refuses a path of another scheme.
 *
 * Every failure is an `EngineError` with the path, the system's reason and a remedy: FILE_NOT_FOUND, FILE_FORBIDDEN,
 * FILE_EXISTS, FILE_WRONG_KIND, FILE_HANDLES_EXHAUSTED, DISK_FULL, FILE_IO.
 */
export interface FileSystem {
  /** `file`, `s3`, … without the colon. */
  readonly scheme: string;
  /**
   * The entries of a directory, by name in UTF-16 code unit order. Those that vanish meanwhile are left out. Links are
   * followed.
   *
   * @throws FILE_NOT_FOUND The directory is not there.
   */
  list(directory: string): Promise<readonly FileEntry[]>;
  /** `undefined` when nothing is there. */
  stat(path: string): Promise<FileStat | undefined>;
  /** The whole file, or a range of it; a range past the end gives what there is. At most 4 GiB. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
  open(path: string): Promise<FileReader>;
  /**
   * Puts a file in place at once: others see the old content or the new, never a part. Parent directories are made.
   *
   * @param parts Written one after the other.
   * @param options.sync Wait until content and name survive a power cut.
   */
  write(path: string, parts: readonly Uint8Array[], options?: { readonly sync?: boolean }): Promise<void>;
  /** Opens a new file, or empties an old one, to be written piece by piece. Parent directories are made. */
  create(path: string): Promise<FileWriter>;
  /** Moves a file or directory at once; replaces a file, refuses to replace a directory that holds anything. */
  rename(from: string, to: string): Promise<void>;
  /** With its parents; none of them need be missing. */
  mkdir(directory: string): Promise<void>;
  /** A file, or a directory with all it holds; nothing there is no error. */
  remove(path: string): Promise<void>;
}

export const fileNotFound: ErrorFactory = errorKind("FILE_NOT_FOUND", "environment");
/** A file is not what it was when it was listed. */
export const fileChanged: ErrorFactory = errorKind("FILE_CHANGED", "environment");
export const fileForbidden: ErrorFactory = errorKind("FILE_FORBIDDEN", "environment");
export const fileExists: ErrorFactory = errorKind("FILE_EXISTS", "environment");
export const fileWrongKind: ErrorFactory = errorKind("FILE_WRONG_KIND", "environment");
export const fileHandlesExhausted: ErrorFactory = errorKind("FILE_HANDLES_EXHAUSTED", "environment", "same-task");
export const diskFull: ErrorFactory = errorKind("DISK_FULL", "environment", "same-task");
export const fileIo: ErrorFactory = errorKind("FILE_IO", "environment", "same-task");
export const fileSystemUnknown: ErrorFactory = errorKind("FILE_SYSTEM_UNKNOWN", "user");
