import type { EngineEvent } from "@millrace/api/host";
import type { EpochMs, JobConf, Warning, WarningOver, WireError } from "@millrace/base";
import type {
  BatchInput,
  BlockId,
  CommittedBatches,
  FixedInput,
  JobPlan,
  PreparedOutput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";
import type { BatchReport } from "../batch-failure.ts";

/** What the main thread of a job's driver process tells the job's thread, where user code runs. */
export type ToJobThread =
  /** First message: load the job and build the graph. */
  | {
      readonly type: "build";
      readonly name: string | undefined;
      readonly args: readonly string[];
      readonly conf: Readonly<Record<string, unknown>>;
      readonly directory: string;
      /** The heap of this thread, to be compared with what the job asks for; `undefined`: it has to do. */
      readonly heapBytes: number | undefined;
    }
  /** The cluster is there: batches follow. */
  | { readonly type: "begin"; readonly defaultParallelism: number; readonly zeroTime: EpochMs }
  /** The turn of a batch has come: fix the inputs that are no receivers. Answered by `inputFixed`. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** Run the outputs of a batch. Answered by `outputsDone`. */
  | {
      readonly type: "batch";
      readonly input: BatchInput;
      /** The states' versions that it builds on. */
      readonly states: CommittedBatches["states"];
    }
  /** Commit what outputs of the batch have prepared. Answered by `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Discard what outputs have prepared. Answered by `discarded`. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** The batch is committed, or has failed: what no later one looks back on is released, and `released` follows. */
  | { readonly type: "batchEnded"; readonly time: EpochMs }
  /** For the job's listeners; sent while `watch` asks for it. */
  | { readonly type: "observe"; readonly event: EngineEvent }
  /** The job ends in an orderly way: no batch follows. Answered by `ended`. */
  | { readonly type: "end"; readonly error: WireError | undefined }
  /** The thread may end as soon as nothing is left for it to do. */
  | { readonly type: "leave" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer };

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** What the job's thread tells the main thread. Requests carry an id and get one `answer`. */
export type FromJobThread =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      readonly conf: JobConf;
      readonly receivers: readonly ReceiverPlan[];
      /** Some input is looked at in each batch. */
      readonly polls: boolean;
    }
  /** First of all: what `driver.heap` is, the job's own settings included. Nothing follows from a thread that has another. */
  | { readonly type: "heap"; readonly heapBytes: number }
  /** The job cannot start: its graph is refused, or an input stream of its own does not begin. */
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "run"; readonly id: number; readonly plan: JobPlan }
  | { readonly type: "putBlock"; readonly id: number; readonly name: BlockId; readonly parts: readonly Uint8Array[] }
  | { readonly type: "dropBlocks"; readonly blocks: readonly BlockId[] }
  /** Batches that nothing looks back on any more, and the shuffles that their plans wrote. */
  | { readonly type: "released"; readonly times: readonly EpochMs[]; readonly shuffles: readonly ShuffleId[] }
  /** By the name of the input. */
  | { readonly type: "inputFixed"; readonly time: EpochMs; readonly inputs: ReadonlyMap<string, FixedInput> }
  | { readonly type: "outputsDone"; readonly time: EpochMs; readonly report: BatchReport }
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  | { readonly type: "discarded"; readonly time: EpochMs }
  | { readonly type: "warn"; readonly warning: Warning }
  | { readonly type: "warningOver"; readonly over: WarningOver }
  /** Whether the job has listeners; it has none at first. */
  | { readonly type: "watch"; readonly on: boolean }
  | { readonly type: "stopJob"; readonly graceful: boolean }
  /** Code of the job has been told of the end, and has had its turn; `goesOn`: it may do something more by itself. */
  | { readonly type: "ended"; readonly goesOn: boolean };
