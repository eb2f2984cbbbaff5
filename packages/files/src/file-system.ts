import { EngineError } from "@millrace/base";
import { fileNotFound, fileWrongKind } from "./errors.ts";
import type { Location } from "./location.ts";

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
  readonly path: Location;
}

/** A file as it was listed. */
export interface ListedFile {
  readonly path: Location;
  /** What its file system called its content then. */
  readonly version: string;
}

/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What `open` gives: a file at any place of which bytes are read; for inputs too large to hold. Close it, also after an error. */
export interface FileReader {
  readonly path: Location;
  /** Size when it was opened. */
  readonly bytes: number;
  /** Names the content that it reads now, as {@link FileStat} does. */
  version(): Promise<string>;
  /**
   * Fills `target` from `position` on.
   *
   * @returns The number of bytes read: fewer than `target` holds only at the end of the file, 0 past it.
   */
  read(target: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/** What `close` of a writer tells of a file. */
export interface WrittenContent {
  readonly bytes: number;
  /** Names the content in the words of the file system. A task hands it to the driver. */
  readonly token: string;
}

/** A file being written from its beginning to its end. Others may see what it holds before `close`, or nothing of it. */
export interface FileWriter {
  readonly path: Location;
  /** Bytes given so far. */
  readonly bytes: number;
  /** Appends; the view may be reused once the promise settles. */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends the file. `sync` waits until it survives a power cut. */
  close(options?: { readonly sync?: boolean }): Promise<WrittenContent>;
  /** Closes the file and removes it: what writes it has failed. */
  abandon(): Promise<void>;
}

/** A {@link FileReader} that blocks. */
export interface BlockingReader {
  readonly path: Location;
  version(): string;
  /** Fills `target` from `position` on, as far as one call of the system does; returns 0 at the end of the file only. */
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

/**
 * Files that a thread may read and write by blocking calls, because nothing slower than a disk is behind them. A task then
 * waits for no promise per piece.
 */
export interface BlockingFiles {
  open(file: Location): BlockingReader;
  /** As `create` of {@link FileSystem}. */
  create(file: Location): BlockingWriter;
}

/**
 * The one way to files, by the scheme of their locations: for the listings and commits of the driver, for what tasks read and
 * write, and for state. `file:` comes with the engine; packages bring others, by `registerFileSystem`. Each thread has an
 * instance of its own.
 *
 * Every failure is an `EngineError` with the location, the system's reason and a remedy: FILE_NOT_FOUND, FILE_FORBIDDEN,
 * FILE_EXISTS, FILE_WRONG_KIND, FILE_CHANGED, FILE_HANDLES_EXHAUSTED, DISK_FULL, FILE_IO. `fileErrors` makes them.
 *
 * Directories may be no more than the beginnings of names that files have in common. Such a file system makes them when it is
 * asked to, in a way that `list` and `stat` find; its `create` and `write` need none.
 */
export interface FileSystem {
  /** `file`, `s3`, … without the colon. */
  readonly scheme: string;
  /** Set where blocking calls do no harm. */
  readonly blocking?: BlockingFiles | undefined;
  /**
   * The entries of a directory, in no order, by pages of a size that the file system chooses; one page is in memory at a time.
   * Those that vanish meanwhile are left out. Links are followed.
   *
   * @throws FILE_NOT_FOUND The directory is not there. @throws FILE_WRONG_KIND It is no directory. Both before the first page.
   */
  list(directory: Location): AsyncIterable<readonly FileEntry[]>;
  /** `undefined` when nothing is there. */
  stat(path: Location): Promise<FileStat | undefined>;
  /** The whole file, or a range of it; a range past the end gives what there is. At most 4 GiB. */
  read(file: Location, range?: ByteRange): Promise<Uint8Array>;
  open(file: Location): Promise<FileReader>;
  /**
   * Puts a file in place at once: others see the old content or the new, never a part. Parent directories are made.
   *
   * @param parts Written one after the other.
   * @param options.sync Wait until content and name survive a power cut.
   */
  write(file: Location, parts: readonly Uint8Array[], options?: { readonly sync?: boolean }): Promise<void>;
  /**
   * Opens a new file, or empties an old one, to be written piece by piece. Its directory has to be there: whoever is late must
   * not make anew what was removed.
   */
  create(file: Location): Promise<FileWriter>;
  /**
   * Makes visible at `target` what was written elsewhere in the same file system: a file, or a directory with all it holds.
   * `staged` is gone afterwards. Where the file system can, nobody ever sees a part of it; where it cannot, `_SUCCESS` of a
   * directory is seen last, and a call that was cut off can be made again.
   *
   * @throws FILE_EXISTS `target` is a directory that holds something, when a whole directory is published. A file is replaced.
   */
  publish(staged: Location, target: Location): Promise<void>;
  /** With its parents; none of them need be missing. */
  makeDirectory(directory: Location): Promise<void>;
  /** A file, or a directory with all it holds; nothing there is no error. */
  remove(path: Location): Promise<void>;
}

/** The entries of a directory on all its pages; `undefined`: there is no directory at that place. */
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
