import type { EpochMs } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { WrittenFile } from "./action-plan.ts";

/**
 * What one output of a batch has prepared for its commit. Plain data that says all there is to know to commit it, or to
 * discard it, whoever does it and whenever.
 */
export type PreparedOutput = StagedFiles | SinkWrites;

/** One output operation of the job. */
export interface OutputInfo {
  readonly id: number;
  /** `print at job.ts:9:6`. */
  readonly name: string;
}

/** Files that were written whole, under their final names, and are hidden until the batch is committed. */
export interface StagedFiles {
  readonly kind: "files";
  readonly output: OutputInfo;
  /** The hidden directory; what becomes visible is `whole` in it. */
  readonly staging: Location;
  /** Where the published files are: absolute. */
  readonly directory: Location;
  /** By name within `directory`. */
  readonly files: readonly WrittenFile[];
}

/** What the writers of a package's sink have written; its `commit` makes that visible. */
export interface SinkWrites {
  readonly kind: "sink";
  readonly output: OutputInfo;
  /** By partition: a block with what `close` of the writer returned, of the attempt that counts. The engine never reads it. */
  readonly written: readonly Uint8Array[];
}

/** What a batch has prepared: nothing of it stands before the batch is committed. */
export interface PreparedBatch {
  /** Names of the states of which every partition was updated to this batch. */
  readonly states: readonly string[];
  /** In the order of the outputs. */
  readonly outputs: readonly PreparedOutput[];
}

/** The effect of all committed batches, on which the next batch builds. */
export interface CommittedBatches {
  /** The last committed batch; 0 before the first. */
  readonly last: EpochMs;
  /** By state: the last batch that updated all of it. States that no batch has updated are absent. */
  readonly states: ReadonlyMap<string, EpochMs>;
}
