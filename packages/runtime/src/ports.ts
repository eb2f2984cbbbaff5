import type { Clock } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { BlockPool, SpillFile } from "@millrace/storage";

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
  /** What tasks read and save, and where state is kept. */
  readonly files: FileSystems;
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
