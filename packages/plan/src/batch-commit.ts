import type { EpochMs } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { WrittenFile } from "./action-plan.ts";
import type { StateHeads } from "./state-version.ts";

/**
 * The writes that one output of a batch has prepared. Plain data, sufficient to commit or to discard them at any time and in any
 * process.
 */
export type PreparedOutput = StagedFiles | SinkWrites;

/** One output operation of the job. */
export interface OutputInfo {
  /** Its position among the outputs, in the order in which they run. */
  readonly id: number;
  /** Its name in the checkpoint: that given with `named`, otherwise from its place, `print-0`. */
  readonly name: string;
  /** For people: `print of map at job.ts:9:6`. */
  readonly label: string;
}

/** Complete files under their final names, hidden until the batch is committed. */
export interface StagedFiles {
  readonly kind: "files";
  readonly output: OutputInfo;
  /** The hidden directory. Its subdirectory `whole` is published. */
  readonly staging: Location;
  /** The directory of the published files; absolute. */
  readonly directory: Location;
  /** By name within `directory`. */
  readonly files: readonly WrittenFile[];
}

/** Descriptions of the writes to a package's sink, whose `commit` makes them visible. */
export interface SinkWrites {
  readonly kind: "sink";
  readonly output: OutputInfo;
  /** For each partition, a block with the result of the writer's `close`, from the attempt that counts. The engine does not read it. */
  readonly written: readonly Uint8Array[];
}

/** Everything that a batch has prepared. None of it is visible before the batch is committed. */
export interface PreparedBatch {
  /** By name, the states whose partitions were all updated to this batch. */
  readonly states: ReadonlyMap<string, StateHeads>;
  /** In the order of the outputs. */
  readonly outputs: readonly PreparedOutput[];
}

/** The effect of all committed batches, on which the next batch builds. */
export interface CommittedBatches {
  /** The last committed batch; 0 before the first. */
  readonly last: EpochMs;
  /** By name. States that no batch has updated are absent. */
  readonly states: ReadonlyMap<string, StateHeads>;
}
