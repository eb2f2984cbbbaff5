import type { JobConf, ThreadOutputEnd, WireError } from "@millrace/base";
import type { StageRunId, StageTemplate, TemplateId } from "@millrace/plan";
import type { PoolHandle } from "@millrace/storage";
import type { SlotOutcome, SlotTask, StageStart } from "../task.ts";

/** The start data of a slot's thread (its `workerData`). */
export interface SlotInit {
  /** Position among the executor's slots: 0, 1, … */
  readonly slot: number;
  readonly pool: PoolHandle;
  /** One Int32: the number of the task to be stopped, 0 for none. Task numbers start at 1. */
  readonly cancel: SharedArrayBuffer;
  /** One Int32: the number of state keys that the thread last reported. */
  readonly stateKeys: SharedArrayBuffer;
  /** A folder that exists, for scratch and spill files. */
  readonly workDir: string;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** Memory that the tables of one task may take before they spill. */
  readonly spillBytes: number;
  /** Deltas of a state partition after which a snapshot replaces them. */
  readonly snapshotDeltas: number;
  /** State that counts survives a loss of power. */
  readonly checkpointSync: boolean;
  /** `state.store`. */
  readonly stateStore: JobConf["state.store"];
  /** Absolute path of the artefact's executor build, to be imported. */
  readonly executorModule: string;
  readonly setup: SlotSetup | undefined;
  readonly output: ThreadOutputEnd;
}

/** Run on the thread before the artefact is loaded. */
export interface SlotSetup {
  /** URL of a module; its default export is called with `argument`, and awaited. */
  readonly module: string;
  readonly argument: unknown;
}

/** Messages from the executor's main thread to a slot, in order; a task is posted when the previous one is done. */
export type ToSlot =
  | { readonly type: "template"; readonly template: StageTemplate }
  | { readonly type: "dropTemplates"; readonly ids: readonly TemplateId[] }
  | { readonly type: "stage"; readonly stage: StageStart }
  | { readonly type: "task"; readonly number: number; readonly task: SlotTask }
  | { readonly type: "stageDone"; readonly run: StageRunId }
  | { readonly type: "dropBroadcasts"; readonly ids: readonly string[] }
  /** The last message: the thread ends by itself when user code has nothing pending. */
  | { readonly type: "settle" };

/** Messages from a slot to the executor's main thread. */
export type FromSlot =
  | { readonly type: "ready" } // the artefact is loaded
  | { readonly type: "loadFailed"; readonly error: WireError }
  | { readonly type: "done"; readonly number: number; readonly outcome: SlotOutcome }
  /** A task has started a command, the leader of this process group; or no process of the group is left. */
  | { readonly type: "commandStarted" | "commandEnded"; readonly group: number }
  /** An error in user code for which no task can fail. */
  | { readonly type: "stray"; readonly error: WireError }
  /** The last message of a thread: user code called `process.exit`, or an error was not caught. */
  | { readonly type: "dying"; readonly error: WireError };
