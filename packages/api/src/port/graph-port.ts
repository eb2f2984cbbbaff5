import type { EpochMs, JobConf, Millis } from "@millrace/base";
import type { FileEntry, Location } from "@millrace/files";
import type {
  BatchInput,
  CommittedBatches,
  FixedInput,
  InputMemory,
  JobParts,
  LoggedBatches,
  OutputInfo,
  PreparedBatch,
  PreparedOutput,
  ReceivedInput,
  ReceiverPlan,
  ShuffleId,
} from "@millrace/plan";
import type { EngineEvent } from "../listener/engine-event.ts";

/** A built job as the engine runs it, batch by batch. Made by `buildJob`. */
export interface JobGraph {
  readonly name: string;
  readonly batchIntervalMs: number;
  /** The effective settings: those given at the start of the job override its own. */
  readonly conf: JobConf;
  /** The directory of state: the job's own if it sets one, otherwise the engine's. */
  readonly checkpointDir: Location;
  /** The job names that directory: its batches are logged there, and it goes on from it when it is started again. */
  readonly logged: boolean;
  readonly receivers: readonly ReceiverPlan[];
  /** Streams of files that appear in directories, in the order of declaration. */
  readonly fileInputs: readonly FileInput[];
  /** Some polled input may find new data in each batch, so a graceful stop runs one more batch. */
  readonly polls: boolean;
  /** The parts that a checkpoint holds data of, by name. */
  readonly parts: JobParts;
  /** The slides, in ms, of streams that do not have an RDD in every batch. */
  readonly slides: readonly Millis[];
  /**
   * Tries once to reach everything outside that the job names: what its sources read, where its outputs go, its checkpoint
   * directory. Nothing is begun. Never rejects.
   */
  connect(): Promise<readonly Connection[]>;
  /** The output operations, in the order in which they run. */
  readonly outputs: readonly OutputInfo[];
  /** True if some operator keeps state from batch to batch. */
  readonly stateful: boolean;
  /**
   * Starts the job's own parts, such as sources. Called when `port.defaultParallelism` is final. Batches are at
   * `zeroTime` + k · interval, k ≥ 1, and wait until this resolves. Rejects if one of those parts fails: the job cannot start.
   *
   * @param run Absent in a test of a job: ids of batches have the name of the job alone.
   */
  startBatches(zeroTime: EpochMs, run?: JobRun): Promise<void>;
  /** Of an earlier run: the batches that this job may look back on, and the one that runs again. */
  recalled(logged: LoggedBatches): Pick<LoggedBatches, "remembered" | "pending">;
  /** All that a later run must know of the inputs and of the batches so far, except for the batch `except`. */
  memory(except: EpochMs | undefined): GraphMemory;
  /**
   * Begins a batch: each polled input chooses what the batch reads, one after the other in the order of declaration.
   * Never rejects: an input whose choice fails is recorded as failed, and outputs that need it fail in `runBatch`. No earlier
   * batch may still be running.
   *
   * The result is without the inputs of receivers.
   */
  fixInput(time: EpochMs): Promise<FixedInputs>;
  /**
   * Runs the outputs of the batch that {@link fixInput} has begun: makes its RDDs, then runs each output in turn, whether or not
   * those before it failed. Never rejects: failures are in the outcome. Saved files, writes of sinks and new state become
   * visible when the engine commits what the outcome has prepared. One batch at a time.
   */
  runBatch(run: BatchRun): Promise<BatchOutcome>;
  /**
   * Commits what an output of batch `time` has prepared. Idempotent: it may be called again after an error or a lost answer.
   *
   * @throws OUTPUT_EXISTS, SINK_COMMIT_FAILED, and the errors of file systems.
   */
  commitOutput(time: EpochMs, prepared: PreparedOutput): Promise<void>;
  /** Discards what an output of batch `time` has prepared and will never commit. Never rejects. */
  discardOutput(time: EpochMs, prepared: PreparedOutput): Promise<void>;
  /**
   * Cancels the running batch `time`: starts no further output of it, and discards what its outputs have prepared so far.
   * `runBatch` still resolves, once the running output returns; the outcome has what that output has prepared. The caller
   * cancels the plans of the batch. Never rejects.
   */
  cancelBatch(time: EpochMs): Promise<void>;
  /**
   * Ends batch `time`, committed or failed, and releases every batch that no later one looks back on: forgets their lineage and
   * drops, with `port.dropBlocks`, the blocks that they put. The engine may drop the rest. Inputs are told of it if it is
   * committed, with all of its outputs.
   */
  release(time: EpochMs, end?: { readonly committed: boolean }): ReleasedBatches;
  /** Passes an event to the job's listeners. Called in the order of events, and only while `port.watch` is on. */
  observe(event: EngineEvent): void;
  /**
   * Ends the job in an orderly way, when no batch is running and none will follow. Resolves when the job's own code has been told
   * and has returned, which may be never. Never rejects.
   *
   * @param error Why the job failed.
   * @returns True if code of the job may still run for a moment, such as a loop that has just received the last record.
   */
  end(error: Error | undefined): Promise<boolean>;
}

/** What came of an attempt to reach something that the job reads or writes. Plain data. */
export interface Connection {
  /** The label of a source or sink, or a location. */
  readonly name: string;
  readonly use: "source" | "output" | "checkpoint";
  /** `untried`: it has no way to try. */
  readonly state: "reached" | "failed" | "untried";
  /** If it failed. */
  readonly problem: { readonly code: string; readonly message: string } | undefined;
}

export interface FixedInputs {
  /** By name. */
  readonly inputs: ReadonlyMap<string, FixedInput>;
  /** In a run up to what inputs held at its start: some of them held more than the batch reads. */
  readonly more: boolean;
}

/** One run of a job: from a start of it to its end. */
export interface JobRun {
  /** Tells the job from others of its name: of its checkpoint, or, without one, of this run. `""`: it has none. */
  readonly id: string;
  /** The batch log, of a job that has one, with what an earlier run has logged, to go on from. */
  readonly log: FoundLog | undefined;
}

/** The batch log of a job, as a run finds it. */
interface FoundLog {
  /** Of this run. */
  readonly epoch: number;
  /** What an earlier run has logged. */
  readonly found: LoggedBatches | undefined;
  readonly received: RecalledReceived;
}

/** What is left of the received input of an earlier run's batches: by batch, and by name of the input. */
export type RecalledReceived = ReadonlyMap<EpochMs, ReadonlyMap<string, ReceivedInput>>;

export type GraphMemory = Pick<LoggedBatches, "remembered"> & {
  readonly memories: ReadonlyMap<string, InputMemory>;
};

/** Batches and shuffles that nothing will read again. */
export interface ReleasedBatches {
  readonly times: readonly EpochMs[];
  readonly shuffles: readonly ShuffleId[];
}

export interface FileInput {
  /** The name given with `named`, otherwise the label, such as `textFileStream logs`. */
  readonly name: string;
  /** May have wildcards. */
  readonly directory: Location;
  /** The current entries of every directory that matches; `undefined` if none does. */
  list(): Promise<readonly FileEntry[] | undefined>;
}

export interface BatchRun extends BatchInput {
  /** The state versions that the batch builds on. */
  readonly states: CommittedBatches["states"];
}

export interface BatchOutcome {
  readonly time: EpochMs;
  /** The error of the first of `failures`; `undefined` if nothing failed. */
  readonly error: Error | undefined;
  /** The writes and state versions to commit, of the parts that succeeded. None of them is visible before the commit. */
  readonly prepared: PreparedBatch;
  /** In the order in which the parts ran. */
  readonly failures: readonly BatchFailure[];
  /** Reports of the inputs without a receiver, as far as they are known. */
  readonly inputs: readonly BatchInputReport[];
}

/** A part of a batch that failed; the other parts ran all the same. */
export type BatchFailure =
  | { readonly part: "output"; readonly output: OutputInfo; readonly error: Error }
  /** The state of a stream could not be computed; it stays as it was before the batch. */
  | { readonly part: "state"; readonly name: string; readonly error: Error }
  /** An RDD that later batches look back on, such as one in a window, could not be computed; they compute it again when they need it. */
  | { readonly part: "stream"; readonly name: string; readonly error: Error }
  /** Code of the job that must run before the first batch. */
  | { readonly part: "job"; readonly error: Error };

export interface BatchInputReport {
  readonly name: string;
  /** 0 if the number is unknown until the records are read. */
  readonly records: number;
  /** The paths that a stream of files read; empty for other inputs. */
  readonly files: readonly string[];
  /** For a failed batch, the number of these files that are offered to the next one. */
  readonly returned: number;
}
