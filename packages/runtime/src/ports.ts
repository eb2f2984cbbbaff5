import type { Clock } from "@millrace/base";
import type { BlockPool, FileSystems, SpillFile } from "@millrace/storage";

/** A file being written under a temporary name. */
export interface FileOutput {
  /** Whose memory may be used again when this returns. */
  write(bytes: Uint8Array): void;
  /** Everything is with the file system when this returns. */
  close(): void;
  /** Removes what was written. */
  abandon(): void;
}

/** The files that tasks read and write themselves. Calls block the slot's thread, which has nothing else to do. */
export interface TaskFiles {
  /** The bytes of a file from `start` to its end, in bounded pieces, as far as the reader wants them. @throws INPUT_FILE_FAILED */
  read(path: string, start: number): Iterable<Uint8Array>;
  /** What a file compressed by gzip holds, in pieces of any size. @throws INPUT_FILE_FAILED It is gone, or damaged. */
  unzip(path: string): AsyncIterable<Uint8Array>;
  /** `<directory>/_temporary/<name>`, replaced when it is there; the directory must be. @throws OUTPUT_FILE_FAILED */
  create(directory: string, name: string): FileOutput;
}

/** Processes that tasks started. They are ended with the slot's thread, whatever ended that. */
export interface Commands {
  started(pid: number): void;
  ended(pid: number): void;
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
  /** Memory that the tables of one task may take before they spill. */
  readonly spillBytes: number;
  /** The share of the thread's heap that is in use, 0 to 1, with what the collector has not come to yet. */
  readonly heapUse: () => number;
}
