import type { Clock } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { BlockPool, SpillFile } from "@millrace/storage";

/**
 * Commands started by tasks, each the leader of a process group, whose id identifies the command and its children.
 * Groups are killed with the slot's thread, however it ended.
 */
export interface Commands {
  started(group: number): void;
  /** No process of the group is left. */
  ended(group: number): void;
  /** A line, without its end, for the job's output: from a command's standard error. */
  said(line: string): void;
}

/** Checked by a task about every thousand records. */
export interface Cancellation {
  cancelled(): boolean;
}

/** What a slot's code needs from its thread. */
export interface SlotPorts {
  /** The process's block memory, attached by this thread. */
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
  /** For input and output of tasks, and for state. */
  readonly files: FileSystems;
  readonly cancellation: Cancellation;
  readonly clock: Clock;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** Memory that the tables of one task may take before they spill. */
  readonly spillBytes: number;
  /** Deltas of a state partition after which a snapshot replaces them. */
  readonly snapshotDeltas: number;
  /** The used share of the thread's heap, 0 to 1, including garbage that is not collected yet. */
  readonly heapUse: () => number;
  /** Told periodically how many keys of state are held: it is too late once the heap is full. */
  readonly stateKeys?: (keys: number) => void;
}
