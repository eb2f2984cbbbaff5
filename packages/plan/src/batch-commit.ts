import type { EpochMs } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { WrittenFile } from "./job-plan.ts";

/**
 * Files that an output of a batch has staged: whole, under their final names, and hidden until the batch is committed. Plain
 * data that says all there is to know to make them visible, or to remove them, whoever does it and whenever.
 */
export interface StagedFiles {
  readonly output: { readonly id: number; readonly name: string };
  /** The hidden directory; what becomes visible is `whole` in it. */
  readonly staging: Location;
  /** Where the files are once they are visible: absolute. */
  readonly directory: Location;
  /** By their names in `directory`. */
  readonly files: readonly WrittenFile[];
}

/** What a batch has prepared: nothing of it stands before the batch is committed. */
export interface PreparedBatch {
  /** Names of the states of which every partition was brought up to the batch. */
  readonly states: readonly string[];
  /** In the order of the outputs. */
  readonly outputs: readonly StagedFiles[];
}

/** What stands of all batches that were committed: the next batch builds on it. */
export interface CommittedBatches {
  /** The last of them; 0 before the first. */
  readonly last: EpochMs;
  /** By state: the last batch that brought all of it up. States that no batch has brought up are not there. */
  readonly states: ReadonlyMap<string, EpochMs>;
}
