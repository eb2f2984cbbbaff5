import type { EpochMs } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { WrittenFile } from "./job-plan.ts";

/**
 * What one output of a batch has prepared for its commit. Plain data that says all there is to know to commit it, or to
 * discard it, whoever does it and whenever.
 */
export type PreparedOutput = StagedFiles | SinkWrites;

/** The output of the job that has prepared something. */
interface OutputRef {
  readonly id: number;
  readonly name: string;
}

/** Files that were written whole, under their final names, and are hidden until the batch is committed. */
export interface StagedFiles {
  readonly kind: "files";
  readonly output: OutputRef;
  /** The hidden directory; what becomes visible is `whole` in it. */
  readonly staging: Location;
  /** Where the files are once they are visible: absolute. */
  readonly directory: Location;
  /** By their names in `directory`. */
  readonly files: readonly WrittenFile[];
}

/** What the writers of a package's sink have written; its `commit` makes that visible. */
export interface SinkWrites {
  readonly kind: "sink";
  readonly output: OutputRef;
  /** By partition: a block with what `close` of the writer returned, of the attempt that counts. The engine never reads it. */
  readonly written: readonly Uint8Array[];
}

/** What a batch has prepared: nothing of it stands before the batch is committed. */
export interface PreparedBatch {
  /** Names of the states of which every partition was brought up to the batch. */
  readonly states: readonly string[];
  /** In the order of the outputs. */
  readonly outputs: readonly PreparedOutput[];
}

/** What stands of all batches that were committed: the next batch builds on it. */
export interface CommittedBatches {
  /** The last of them; 0 before the first. */
  readonly last: EpochMs;
  /** By state: the last batch that brought all of it up. States that no batch has brought up are not there. */
  readonly states: ReadonlyMap<string, EpochMs>;
}
