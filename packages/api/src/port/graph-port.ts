import type { EpochMs, JobConf } from "@millrace/base";
import type { FileEntry, Location } from "@millrace/files";
import type {
  BatchInput,
  CommittedBatches,
  FixedInput,
  PreparedBatch,
  PreparedOutput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import type { EngineEvent } from "../listener/engine-event.ts";

/** What the host needs to run the batches of a job. Made by `buildJob`. */
export interface JobGraph {
  readonly name: string;
  readonly batchIntervalMs: number;
  /** The job's settings below those given at its start. */
  readonly conf: JobConf;
  /** Where state goes: what the job says, else what the host gave. */
  readonly checkpointDir: Location;
  readonly receivers: readonly ReceiverPlan[];
  /** Streams of files that appear in directories, in the order of the job's text. */
  readonly fileInputs: readonly FileInput[];
  /** Some input is looked at in each batch: what has come since the last one is there for one more. */
  readonly polls: boolean;
  /** Output operations in the order they run in. */
  readonly outputs: readonly OutputInfo[];
  /** The job has an operator that keeps state from batch to batch. */
  readonly stateful: boolean;
  /**
   * The cluster is there: `port.defaultParallelism` is final. Batches are at `zeroTime` + k · interval, k ≥ 1; they wait
   * until this resolves. Rejects when code of the job that has to begin first fails: the job cannot start.
   */
  begin(zeroTime: EpochMs): Promise<void>;
  /**
   * Begins a batch: each input that is looked at on the driver chooses what the batch reads, one after the other in the order of
   * the job's text. Never rejects: an input that cannot choose has failed, and what needs it fails in `runBatch`. Nothing of
   * an earlier batch may run.
   *
   * @returns By the input's name, without receivers.
   */
  fixInput(time: EpochMs): Promise<ReadonlyMap<string, FixedInput>>;
  /**
   * Runs the outputs of the batch that {@link fixInput} has begun: makes its RDDs, then each output in turn, whatever became of
   * those before it. Never rejects: failures are in the outcome. Saved files, what sinks were given, and state stand once the host
   * has committed what was prepared. One batch at a time.
   */
  runBatch(run: BatchRun): Promise<BatchOutcome>;
  /**
   * Commits what an output of batch `time` has prepared. May be called again after an error, and when its answer was lost: what is
   * committed already stays as it is.
   *
   * @throws OUTPUT_EXISTS, SINK_COMMIT_FAILED, and what file systems throw.
   */
  commitOutput(time: EpochMs, prepared: PreparedOutput): Promise<void>;
  /** Takes back what an output of batch `time` has prepared: it is never committed. Never rejects. */
  discardOutput(time: EpochMs, prepared: PreparedOutput): Promise<void>;
  /**
   * Batch `time`, which runs, is cut off: no further output of it starts, and what its outputs have prepared so far is discarded.
   * `runBatch` still resolves, when the output that runs returns; what that one has prepared is in its outcome. The caller
   * cancels the plans of the batch. Never rejects.
   */
  cancelBatch(time: EpochMs): Promise<void>;
  /**
   * Batch `time` is done for good, committed or failed. Lets go of every batch that no later one looks back on: their
   * lineage goes, `port.dropBlocks` is told what they put, and the host may drop the rest.
   */
  release(time: EpochMs): ReleasedBatches;
  /** Tells listeners of what happened elsewhere. Wanted while `port.watch` says so, in the order of what happened. */
  observe(event: EngineEvent): void;
  /**
   * The job ends in an orderly way: no batch runs, and none follows. Resolves when the job's own code has been told and has
   * had its turn, which may never come. Never rejects.
   *
   * @param error Why the job failed.
   * @returns Whether code of the job goes on by itself for a moment: a loop that has just got the last record.
   */
  end(error: Error | undefined): Promise<boolean>;
}

/** What nothing reads any more. */
export interface ReleasedBatches {
  readonly times: readonly EpochMs[];
  readonly shuffles: readonly ShuffleId[];
}

export interface FileInput {
  /** What `named` gave, else `textFileStream logs`. */
  readonly name: string;
  /** It may have wildcards. */
  readonly directory: Location;
  /** All that is there now, in every directory that matches; `undefined`: there is no such directory. */
  list(): Promise<readonly FileEntry[] | undefined>;
}

export interface OutputInfo {
  readonly id: number;
  /** `print at job.ts:9:6`. */
  readonly name: string;
}

export interface BatchRun extends BatchInput {
  /** The states' versions that it builds on. */
  readonly states: CommittedBatches["states"];
}

export interface BatchOutcome {
  readonly time: EpochMs;
  /** Why the batch failed: the first of `failures`; `undefined` when all is done. */
  readonly error: Error | undefined;
  /** What is to stand when the batch is committed, as far as it succeeded; nothing of it stands before. */
  readonly prepared: PreparedBatch;
  /** In the order of what was tried. */
  readonly failures: readonly BatchFailure[];
  /** What the inputs that are no receivers brought to the batch, as far as it is known. */
  readonly inputs: readonly BatchInputReport[];
}

/** One thing of a batch that failed; the others were tried all the same. */
export type BatchFailure =
  | { readonly part: "output"; readonly output: OutputInfo; readonly error: Error }
  /** The state of this stream could not be computed and is as it was before the batch. */
  | { readonly part: "state"; readonly name: string; readonly error: Error }
  /** What later batches look back on, such as the batches of a window; they compute it again when they need it. */
  | { readonly part: "stream"; readonly name: string; readonly error: Error }
  /** Code of the job that has to begin before the first batch. */
  | { readonly part: "job"; readonly error: Error };

export interface BatchInputReport {
  readonly name: string;
  /** 0 where it is not known before the records are read. */
  readonly records: number;
  /** Of a stream of files. */
  readonly files: readonly string[];
  /** Of a failed batch: how many of the files are offered to the next one. */
  readonly returned: number;
}
