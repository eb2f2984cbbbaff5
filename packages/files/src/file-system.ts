import { EngineError } from "@millrace/base";
import { fileNotFound, fileWrongKind } from "./errors.ts";
import type { Location } from "./location.ts";

/**
 * The kind of a path's target; `other` is a socket, device or pipe. In listings, `unnameable` has a name that is not
 * UTF-8, so no path refers to it; `dangling` is a link without a target; and `unreachable` cannot be examined by the
 * system, such as a loop of links.
 */
export type FileKind = "file" | "directory" | "other" | "unnameable" | "dangling" | "unreachable";

export interface FileStat {
  readonly kind: FileKind;
  /** Size of a file; for other kinds, the value reported by the system. */
  readonly bytes: number;
  /** Last change of content, in milliseconds since the epoch, with a fraction if the system provides one. */
  readonly modifiedMs: number;
  /** Identifies the content: unchanged as long as the file is, in a form chosen by its file system. */
  readonly version: string;
  /** Why it is `unreachable`: the system's code, such as `ELOOP`. */
  readonly problem?: string;
}

export interface FileEntry extends FileStat {
  /** The last part of the path. */
  readonly name: string;
  readonly path: Location;
}

/** A file as listed. */
export interface ListedFile {
  readonly path: Location;
  /** The file system's version of its content at that time. */
  readonly version: string;
}

/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The result of `open`: a file with random access, for inputs too large for memory. Close it, also after an error. */
export interface FileReader {
  readonly path: Location;
  /** Size at the time of opening. */
  readonly bytes: number;
  /** The version of the content that it reads now, as in {@link FileStat}. */
  version(): Promise<string>;
  /**
   * Fills `target` starting at `position`.
   *
   * @returns The number of bytes read: less than the length of `target` only at the end of the file, 0 beyond it.
   */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** Returned by `close` of a writer. */
export interface WrittenContent {
  readonly bytes: number;
  /** Identifies the content in the terms of the file system. A task passes it to the driver. */
  readonly token: string;
}

/** A file written sequentially. Before `close`, others may see part of its content or nothing. */
export interface FileWriter {
  readonly path: Location;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Appends; the view may be reused once the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the file. */
  close(): Promise<WrittenContent>;
  /** Closes and removes the file, after the writing has failed. */
  abandon(): Promise<void>;
}

/** A {@link FileReader} that blocks. */
export interface BlockingReader {
  readonly path: Location;
  version(): string;
  /** Fills `target` from `position` as far as one system call does; returns 0 only at the end of the file. */
  read(target: Uint8Array, position: number): number;
  close(): void;
}

/** A {@link FileWriter} that blocks. */
export interface BlockingWriter {
  readonly path: Location;
  /** Appends; the view may be reused when this returns. */
  write(chunk: Uint8Array): void;
  close(): WrittenContent;
  abandon(): void;
}

/** Adds to the end of a file, in calls that block. */
export interface BlockingAppender {
  readonly path: Location;
  /** What was appended when this returns is there for every later reader, even if the process is killed. */
  append(chunk: Uint8Array): void;
  /** What was appended survives a loss of power when this returns. Absent if it does so in any case. */
  sync?(): void;
  close(): void;
}

/**
 * Files that a thread may access with blocking calls, because they are no slower than a disk. Tasks then need no
 * promise per piece.
 */
export interface BlockingFiles {
  open(file: Location): BlockingReader;
  /** Like `create` of {@link FileSystem}. */
  create(file: Location): BlockingWriter;
  /** Like `write` of {@link FileSystem}, for content of some kilobytes. If absent, that one is used. */
  write?(file: Location, parts: readonly Uint8Array[]): void;
  /** Opens an existing file to add to its end. Absent if the file system can only replace whole files. */
  append?(file: Location): BlockingAppender;
}

/** What is to be done with a path. */
export type FileAccess = "read" | "write";

/**
 * The only port to files, selected by the scheme of a location: for listings and commits of the driver, input and
 * output of tasks, and state. `file:` is built in; packages add others with `registerFileSystem`. Each thread has an
 * instance of its own.
 *
 * Every failure is an `EngineError` with the location, the system's reason and a remedy: FILE_NOT_FOUND,
 * FILE_FORBIDDEN, FILE_EXISTS, FILE_WRONG_KIND, FILE_CHANGED, FILE_HANDLES_EXHAUSTED, DISK_FULL, FILE_IO. `fileErrors`
 * makes them.
 *
 * Directories may be mere common prefixes of file names. Such a file system creates them on request, so that `list` and
 * `stat` find them; its `create` and `write` do not need them.
 */
export interface FileSystem {
  /** `file`, `s3`, …, without the colon. */
  readonly scheme: string;
  /**
   * True if a file may appear long after the time of its last change, as in stores that count it from the beginning of an upload.
   * A file stream then takes a file for new that was not in the listing before, whatever its time.
   */
  readonly appearsLate?: boolean | undefined;
  /** Present if blocking calls are acceptable. */
  readonly blocking?: BlockingFiles | undefined;
  /**
   * Tries once to reach a path, without repeating anything: `millrace check --connect` calls it, and nothing else does. Leaves
   * nothing behind. If absent, `stat` is called in its place.
   *
   * @param access `read`: something must be there. `write`: nothing need be; what it is in has to permit it, as far as that can be
   *   known.
   * @throws FILE_SERVER_UNREACHABLE, FILE_CREDENTIALS_REFUSED, FILE_STORE_MISSING, FILE_NOT_FOUND, FILE_FORBIDDEN
   */
  probe?(path: Location, access: FileAccess): Promise<void>;
  /**
   * The entries of a directory, in no particular order, in pages of a size that the file system chooses; one page is in
   * memory at a time. Entries that vanish during the listing are omitted. Links are followed.
   *
   * @throws FILE_NOT_FOUND The directory does not exist. @throws FILE_WRONG_KIND It is not a directory. Both before the
   *   first page.
   */
  list(directory: Location): AsyncIterable<readonly FileEntry[]>;
  /** `undefined` if nothing exists there. */
  stat(path: Location): Promise<FileStat | undefined>;
  /** The whole file, or a range of it; a range beyond the end returns what exists. At most 4 GiB. */
  read(file: Location, range?: ByteRange): Promise<Uint8Array>;
  open(file: Location): Promise<FileReader>;
  /**
   * Replaces a file atomically: others see the old content or the new, never a part. Parent directories are created.
   *
   * @param parts Written one after the other.
   */
  write(file: Location, parts: readonly Uint8Array[]): Promise<void>;
  /**
   * Writes a whole file if nothing exists there, atomically: of many calls at once for one path, in any processes, one
   * resolves with true, and its content is what the file has. Parent directories are created. Absent if the file system
   * cannot: two owners of a checkpoint directory that start at the same moment then notice each other a little later.
   *
   * @returns False if something existed: nothing was changed.
   */
  writeNew?(file: Location, parts: readonly Uint8Array[]): Promise<boolean>;
  /**
   * Gives a file that will never be changed another name: both have the content, and one may be removed without the other. Nothing
   * may exist under the new name. Parent directories are created. Absent if the file system cannot: the file is copied then.
   *
   * @throws FILE_EXISTS
   */
  link?(file: Location, name: Location): Promise<void>;
  /**
   * Creates or truncates a file for sequential writing. Its directory must exist: a late writer must not recreate what
   * was removed.
   */
  create(file: Location): Promise<FileWriter>;
  /**
   * Publishes at `target` what was staged elsewhere in the same file system: a file, or a directory with its content.
   * `staged` no longer exists afterwards. If the file system can, publishing is atomic; if not, `_SUCCESS` of a
   * directory becomes visible last, and an interrupted call can be repeated.
   *
   * @throws FILE_EXISTS A directory is published and `target` is a non-empty directory. A file is replaced.
   */
  publish(staged: Location, target: Location): Promise<void>;
  /**
   * Makes durable what was written: when this resolves, these files, and the entries of all directories from `root` to them, survive a loss
   * of power. Absent if whatever was written does so in any case.
   *
   * @param root A directory above all of them.
   */
  sync?(files: readonly Location[], root: Location): Promise<void>;
  /** Creates a directory and its parents, as far as they are missing. */
  makeDirectory(directory: Location): Promise<void>;
  /** Removes a file, or a directory with its content; it is no error if nothing exists. */
  remove(path: Location): Promise<void>;
}

/** All entries of a directory; `undefined` if it does not exist. */
export async function entriesOf(files: FileSystem, directory: Location): Promise<readonly FileEntry[] | undefined> {
  const entries: FileEntry[] = [];
  try {
    for await (const page of files.list(directory)) for (const entry of page) entries.push(entry);
  } catch (error) {
    if (error instanceof EngineError && NO_DIRECTORY.includes(error.code)) return undefined;
    throw error;
  }
  return entries;
}

const NO_DIRECTORY: readonly string[] = [fileNotFound.code, fileWrongKind.code];
