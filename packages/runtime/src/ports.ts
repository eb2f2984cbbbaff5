import type { Clock, EngineError } from "@millrace/base";
import type { FileSystems } from "@millrace/files";
import type { BlockPool, EmbeddedStore, SpillFile } from "@millrace/storage";

/**
 * Commands started by tasks, each the leader of a process group, whose id identifies the command and its children.
 * Groups are killed with the slot's thread, however it ended.
 */
export interface Commands {
  started(group: number): void;
  /** Called when no process of the group is left. */
  ended(group: number): void;
  /** Writes a line of a command's standard error, without its line end, to the job's output. */
  said(line: string): void;
}

/** A flag that a task checks about every thousand records. */
export interface Cancellation {
  cancelled(): boolean;
}

/** The services of a thread for the slot that runs on it. */
export interface SlotPorts {
  /** The process's block memory, attached by this thread. */
  readonly pool: BlockPool;
  readonly newSpillFile: () => SpillFile;
  /** The file systems, for the input and output of tasks and for state. */
  readonly files: FileSystems;
  readonly cancellation: Cancellation;
  readonly clock: Clock;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** Memory that the tables of one task may take before they spill. */
  readonly spillBytes: number;
  /** Deltas of a state partition after which a snapshot replaces them. */
  readonly snapshotDeltas: number;
  /** State that counts survives a loss of power. */
  readonly checkpointSync: boolean;
  /** Makes an empty store for a partition of state; `undefined`: state is in memory. */
  readonly newStateStore?: (() => EmbeddedStore) | undefined;
  /** The used share of the thread's heap, 0 to 1, including garbage that is not collected yet. */
  readonly heapUse: () => number;
  /** Called periodically with the number of keys of state that are held; once the heap is full it would be too late. */
  readonly stateKeys?: (keys: number) => void;
  /** Called with what the operator should know of and no task fails by. */
  readonly onTrouble?: (error: EngineError) => void;
}
