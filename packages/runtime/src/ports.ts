import type { Clock } from "@millrace/base";
import type { BlockPool, FileSystems, SpillFile } from "@millrace/storage";

/** A text file being written under a temporary name. */
export interface TextOutput {
  /** A line without its end. */
  writeLine(line: string): void;
  /** Everything is with the file system when this returns. */
  close(): void;
  /** Removes what was written. */
  abandon(): void;
}

/** The files that tasks read and write themselves. Calls block the slot's thread, which has nothing else to do. */
export interface TaskFiles {
  /** The bytes of a file from `start` to its end, in bounded pieces, as far as the reader wants them. @throws INPUT_FILE_FAILED */
  read(path: string, start: number): Iterable<Uint8Array>;
  /** `<directory>/_temporary/<name>`, replaced when it is there. @throws OUTPUT_FILE_FAILED */
  createText(directory: string, name: string): TextOutput;
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
}
