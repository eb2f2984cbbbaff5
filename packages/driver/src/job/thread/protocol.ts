import type { Connection, EngineEvent, RecalledReceived } from "@millrace/api/engine";
import type { EpochMs, JobConf, Millis, Warning, WarningOver, WireError } from "@millrace/base";
import type { Location } from "@millrace/files";
import type {
  ActionPlan,
  BatchInput,
  BlockId,
  CheckpointProbe,
  CommittedBatches,
  FixedInput,
  PreparedBatch,
  PreparedOutput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import type { LoggedEnd, PartFinding, RecalledInput, RefusedOutput, ResumedBatches } from "@millrace/scheduler";
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
      /** Names of what may be dropped from the checkpoint. */
      readonly drop: readonly string[];
      /** Of a checkpoint directory, nothing is changed, and it may be that of a running job. No batch follows. */
      readonly looksOnly: boolean;
      /** Executors are other processes, and show that they reach the checkpoint directory. */
      readonly probes: boolean;
      /** Try to reach what the job names outside, and tell with `built`. No batch follows. */
      readonly connects: boolean;
      /** The job runs up to what its inputs hold at the start. */
      readonly availableNow: boolean;
      /** Compare the job with the checkpoint in this directory, in place of the one that it names. Then nothing is opened. */
      readonly compareWith: string | undefined;
      /** The heap of this thread, to compare with the job's setting; `undefined`: it has to suffice. */
      readonly heapBytes: number | undefined;
    }
  /** Executors are ready: batches follow. */
  | {
      readonly type: "startBatches";
      readonly defaultParallelism: number;
      readonly zeroTime: EpochMs;
      readonly received: RecalledReceived;
    }
  /** It is the batch's turn: fix the polled inputs. Answered by `inputFixed`. */
  | { readonly type: "fixInput"; readonly time: EpochMs }
  /** Log the input of a batch, if there is a log, and run its outputs. Answered by `outputsDone`. */
  | {
      readonly type: "runBatch";
      readonly input: BatchInput;
      /** The state versions on which it builds. */
      readonly states: CommittedBatches["states"];
    }
  /** Log that the outputs of a batch are complete. Answered by `logged`. */
  | {
      readonly type: "logPrepared";
      readonly time: EpochMs;
      readonly prepared: PreparedBatch;
      readonly error: WireError | undefined;
    }
  /** Log how a batch ended. Answered by `endLogged`; what is asked for meanwhile is done afterwards, or, if it cannot be logged, not at all. */
  | { readonly type: "logEnded"; readonly ended: LoggedEnd }
  /** Show that this process is the owner of the checkpoint directory. Answered by `proved`, or `failed`. */
  | { readonly type: "prove" }
  /** Remove segments of the received log. Nothing waits for it. */
  | { readonly type: "removeReceived"; readonly segments: readonly string[] }
  /** Commit prepared outputs of the batch. Answered by `committed`. */
  | { readonly type: "commit"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** Cut off the running batch. Answered by `discarded` once its outputs prepared so far are discarded. */
  | { readonly type: "cancelBatch"; readonly time: EpochMs }
  /** Discard prepared outputs. Answered by `discarded`. */
  | { readonly type: "discard"; readonly time: EpochMs; readonly outputs: readonly PreparedOutput[] }
  /** The batch is committed or has failed: batches that no later one reads are released, and `released` follows. */
  | { readonly type: "batchEnded"; readonly time: EpochMs; readonly failed: boolean }
  /** For the job's listeners; sent while `watch` asks for it. */
  | { readonly type: "observe"; readonly event: EngineEvent }
  /** The job ends normally: no batch follows. Answered by `ended`. */
  | { readonly type: "end"; readonly error: WireError | undefined }
  /** The thread may end as soon as nothing is left for it to do. */
  | { readonly type: "leave" }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer };

export type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: WireError };

/** The log of a job that names its checkpoint directory, as it was found. */
export interface JobLog {
  readonly directory: Location;
  /** Of this run. */
  readonly epoch: number;
  readonly resumed: ResumedBatches | undefined;
  readonly received: RecalledInput;
}

/** Messages from the job's thread to the main thread. Requests have an id and get one `answer`. */
export type FromJobThread =
  | {
      readonly type: "built";
      readonly name: string;
      readonly batchIntervalMs: number;
      readonly conf: JobConf;
      readonly receivers: readonly ReceiverPlan[];
      /** The job has polled inputs. */
      readonly polls: boolean;
      /** The slides of windows that have no result in every batch. */
      readonly slides: readonly Millis[];
      /** Of a job that was to be compared. */
      readonly findings: readonly PartFinding[] | undefined;
      /** Of a job that was to try them. */
      readonly connections: readonly Connection[] | undefined;
      /** Its batches are logged in this directory. */
      readonly log: JobLog | undefined;
      /** Executors answer it; `undefined`: they need not. */
      readonly probe: CheckpointProbe | undefined;
    }
  /**
   * First: the effective `driver.heap`, the job's own settings included. A thread with a different heap sends nothing
   * else.
   */
  | { readonly type: "heap"; readonly heapBytes: number }
  /** The job cannot start: its graph is refused, or one of its own input streams fails to start. */
  | { readonly type: "failed"; readonly error: WireError }
  | { readonly type: "runPlan"; readonly id: number; readonly plan: ActionPlan }
  | { readonly type: "putBlock"; readonly id: number; readonly name: BlockId; readonly parts: readonly Uint8Array[] }
  | { readonly type: "dropBlocks"; readonly blocks: readonly BlockId[] }
  /** Batches that will not be read again, and the shuffles that their plans wrote. */
  | { readonly type: "released"; readonly times: readonly EpochMs[]; readonly shuffles: readonly ShuffleId[] }
  /** By the name of the input. `more`: some inputs hold more for a run up to what they held at its start. */
  | {
      readonly type: "inputFixed";
      readonly time: EpochMs;
      readonly inputs: ReadonlyMap<string, FixedInput>;
      readonly more: boolean;
    }
  | { readonly type: "outputsDone"; readonly time: EpochMs; readonly outcome: WireBatchOutcome }
  /** Since it was asked, nobody else was the owner of the checkpoint directory. */
  | { readonly type: "proved" }
  /** The entry survives this process. */
  | { readonly type: "logged"; readonly time: EpochMs }
  | { readonly type: "endLogged" }
  | { readonly type: "committed"; readonly time: EpochMs; readonly refused: readonly RefusedOutput[] }
  | { readonly type: "discarded" }
  | { readonly type: "warn"; readonly warning: Warning }
  | { readonly type: "warningOver"; readonly over: WarningOver }
  /** Tells whether the job has listeners; it has none at first. */
  | { readonly type: "watch"; readonly on: boolean }
  | { readonly type: "stopJob"; readonly graceful: boolean }
  /** User code was told of the end and has reacted. `goesOn`: it may still be running by itself. */
  | { readonly type: "ended"; readonly goesOn: boolean };
