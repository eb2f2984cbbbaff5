import type { EngineEvent } from "@millrace/api/engine";
import type { EpochMs, JobConf, Warning, WarningOver, WireError } from "@millrace/base";
import type {
  ActionPlan,
  BatchInput,
  BlockId,
  CommittedBatches,
  FixedInput,
  PreparedOutput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";
import type { WireBatchOutcome } from "../batch-failure.ts";

/** Messages from the main thread of a job's driver process to the job's thread, which runs user code. */
export type ToJobThread =
  /** First message: load the job and build the graph. */
  | {
      readonly type: "build";
      readonly name: string | undefined;
      readonly args: readonly string[];
      readonly conf: Readonly<Record<string, unknown>>;
      readonly directory: string;
      /** The heap of this thread, to be compared with the job's setting; `undefined`: it has to suffice. */
      readonly heapBytes: number | undefined;
    }
  /** The cluster is ready: batches follow. */
  | { readonly type: "startBatches"; readonly defaultParallelism: number; readonly zeroTime: EpochMs }
  /** A batch's turn: fix the inputs without receivers. Answered by `inputFixed`. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** Run the outputs of a batch. Answered by `outputsDone`. */
  | {
      readonly type: "runBatch";
      readonly input: BatchInput;
      /** The state versions that it builds on. */
      readonly states: CommittedBatches["states"];
    }
  /** Commit what outputs of the batch have prepared. Answered by `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** The batch that runs is cut off. Answered by `discarded`, when what its outputs have prepared so far is discarded. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  /** Discard what outputs have prepared. Answered by `discarded`. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** The batch is committed, or has failed: what no later batch reads is released, and `released` follows. */
  | { readonly type: "batchEnded"; readonly time: EpochMs }
  /** For the job's listeners; sent while `watch` asks for it. */
  | { readonly type: "observe"; readonly event: EngineEvent }
  /** The job ends normally: no batch follows. Answered by `ended`. */
  | { readonly type: "end"; readonly error: WireError | undefined }
  /** The thread may end as soon as nothing is left for it to do. */
  | { readonly type: "leave" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer };

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** Messages from the job's thread to the main thread. Requests have an id and get one `answer`. */
export type FromJobThread =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      readonly conf: JobConf;
      readonly receivers: readonly ReceiverPlan[];
      /** Some input is polled in each batch. */
      readonly polls: boolean;
    }
  /**
   * First: the effective `driver.heap`, the job's own settings included. A thread with a different heap sends nothing
   * else.
   */
  | { readonly type: "heap"; readonly heapBytes: number }
  /** The job cannot start: its graph is refused, or an input stream of its own does not start. */
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "runPlan"; readonly id: number; readonly plan: ActionPlan }
  | { readonly type: "putBlock"; readonly id: number; readonly name: BlockId; readonly parts: readonly Uint8Array[] }
  | { readonly type: "dropBlocks"; readonly blocks: readonly BlockId[] }
  /** Batches that nothing reads any more, and the shuffles that their plans wrote. */
  | { readonly type: "released"; readonly times: readonly EpochMs[]; readonly shuffles: readonly ShuffleId[] }
  /** By the name of the input. */
  | { readonly type: "inputFixed"; readonly time: EpochMs; readonly inputs: ReadonlyMap<string, FixedInput> }
  | { readonly type: "outputsDone"; readonly time: EpochMs; readonly outcome: WireBatchOutcome }
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  | { readonly type: "discarded" }
  | { readonly type: "warn"; readonly warning: Warning }
  | { readonly type: "warningOver"; readonly over: WarningOver }
  /** Whether the job has listeners; it has none at first. */
  | { readonly type: "watch"; readonly on: boolean }
  | { readonly type: "stopJob"; readonly graceful: boolean }
  /** User code has been told of the end, and has reacted; `goesOn`: it may continue by itself. */
  | { readonly type: "ended"; readonly goesOn: boolean };
