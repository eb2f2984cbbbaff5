import type { Clock } from "@millrace/base";
import type { ListedFile } from "@millrace/operators";
import type { WrittenFile } from "@millrace/plan";
import type { BlockPool, FileSystems, SpillFile } from "@millrace/storage";

/** A file being written under a temporary name. */
export interface FileOutput {
  /** Whose memory may be used again when this returns. */
  write(bytes: Uint8Array): void;
  /** Everything is with the file system when this returns. @returns What it has of it. */
  close(): Omit<WrittenFile, "file">;
  /** Removes what was written. */
  abandon(): void;
}

interface Verified {
  /**
   * To be asked after the last read. What was read before may be of two versions when it throws; so may whatever another error
   * is about, which is then the `cause`.
   *
   * @throws FILE_CHANGED
   */
  verify(cause?: unknown): void;
}

/** The bytes of a file in bounded pieces, good until the next one. Opened and compared with its version by the first. */
export interface FilePieces extends Iterable<Uint8Array>, Verified {}

/** What a file compressed by gzip holds, in pieces of any size. */
export interface ZippedPieces extends AsyncIterable<Uint8Array>, Verified {}

/** The files that tasks read and write themselves. Calls block the slot's thread, which has nothing else to do. */
export interface TaskFiles {
  /**
   * The bytes of a file from `start` to its end, as far as the reader wants them. Reading them throws FILE_CHANGED,
   * FILE_NOT_FOUND or INPUT_FILE_FAILED.
   */
  read(file: ListedFile, start: number): FilePieces;
  /** Reading it throws INPUT_DAMAGED, too. */
  unzip(file: ListedFile): ZippedPieces;
  /** `<directory>/_temporary/<name>`, replaced when it is there; the directory must be. @throws OUTPUT_FILE_FAILED */
  create(directory: string, name: string): FileOutput;
}

/**
 * Commands that tasks started, each the leader of a process group of its own: its id names the command and all that it
 * started. Groups are ended with the slot's thread, whatever ended that.
 */
export interface Commands {
  started(group: number): void;
  /** No process of the group is left. */
  ended(group: number): void;
  /** A line, without its end, for the job's output: a command wrote it to its standard error. */
  said(line: string): void;
}

/** What a task asks every thousand records or so. */
export interface Cancellation {
  cancelled(): boolean;
}

/** What the code of a slot needs from its thread. */
export interface SlotPorts {
  /** The process's block memory, attached by this thread. */
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
  readonly files: TaskFiles;
  /** Where state is kept. */
  readonly checkpoints: FileSystems;
  readonly cancellation: Cancellation;
  readonly clock: Clock;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** Memory that the tables of one task may take before they spill. */
  readonly spillBytes: number;
  /** Deltas of a partition of state after which a snapshot takes their place. */
  readonly snapshotDeltas: number;
  /** The share of the thread's heap that is in use, 0 to 1, with what the collector has not come to yet. */
  readonly heapUse: () => number;
  /** Is told now and then how many keys of state are held: it is too late for that when the heap is full. */
  readonly stateKeys?: (keys: number) => void;
}
