import type { ThreadOutputEnd, WireError } from "@millrace/base";
import type { StageRunId, StageTemplate, TemplateId } from "@millrace/plan";
import type { PoolHandle } from "@millrace/storage";
import type { SlotOutcome, SlotTask, StageStart } from "../task.ts";

/** What a slot's thread is born with (its `workerData`). */
export interface SlotInit {
  /** Position among the executor's slots: 0, 1, … */
  readonly slot: number;
  readonly pool: PoolHandle;
  /** One Int32: the number of the task that is to stop, 0 for none. Task numbers count from 1. */
  readonly cancel: SharedArrayBuffer;
  /** One Int32: the keys of state that the thread holds, as it last said. */
  readonly stateKeys: SharedArrayBuffer;
  /** A folder that exists, for scratch and spill files. */
  readonly workDir: string;
  /** Memory that the tables of one task may take before they spill. */
  readonly lineBytesMax: number;
  readonly spillBytes: number;
  /** Deltas of a partition of state after which a snapshot takes their place. */
  readonly snapshotDeltas: number;
  /** Absolute path of the artefact's executor build, to be imported. */
  readonly executorModule: string;
  readonly setup: SlotSetup | undefined;
  readonly output: ThreadOutputEnd;
}

/** What the executor wants done on the thread before the artefact is loaded. */
export interface SlotSetup {
  /** URL of a module; its default export is called with `argument`, and awaited. */
  readonly module: string;
  readonly argument: unknown;
}

/** What the executor's main thread tells a slot. Messages arrive in order; a task is posted when the one before is done. */
export type ToSlot =
  | { readonly type: "template"; readonly template: StageTemplate }
  | { readonly type: "dropTemplates"; readonly ids: readonly TemplateId[] }
  | { readonly type: "stage"; readonly stage: StageStart }
  | { readonly type: "task"; readonly number: number; readonly task: SlotTask }
  | { readonly type: "stageDone"; readonly run: StageRunId }
  | { readonly type: "dropBroadcasts"; readonly ids: readonly string[] }
  /** No message follows: the thread ends by itself when code of the job has nothing pending. */
  | { readonly type: "settle" };

/** What a slot tells the executor's main thread. */
export type FromSlot =
  | { readonly type: "ready" } // the artefact is loaded
  | { readonly type: "loadFailed"; readonly error: WireError }
  | { readonly type: "done"; readonly number: number; readonly outcome: SlotOutcome }
  /** A task has started a command, the leader of this process group; no process of the group is left. */
  | { readonly type: "commandStarted" | "commandEnded"; readonly group: number }
  /** Code of the job went wrong where no task can fail for it. */
  | { readonly type: "stray"; readonly error: WireError }
  /** Last words before the thread ends: user code called `process.exit`, or an error that nobody caught. */
  | { readonly type: "dying"; readonly error: WireError };
