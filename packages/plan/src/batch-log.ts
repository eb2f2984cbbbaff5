import type { EpochMs, WireError } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { CommittedBatches, OutputInfo, PreparedBatch } from "./batch-commit.ts";
import type { BatchInput } from "./batch-input.ts";
import type { JobParts } from "./named-parts.ts";
import type { ReceivedMark } from "./received-block.ts";

/** One entry of the batch log. */
export type BatchLogEntry = BaseEntry | BatchEntry;

/** Everything that the job needs to go on: it replaces all earlier entries. A log begins with one. */
export interface BaseEntry {
  readonly kind: "base";
  /** `undefined`: state was imported, and no job has run on it yet. */
  readonly identity: JobIdentity | undefined;
  readonly parts: JobParts;
  /** Names of what starts of the job were told to drop, the latest last. */
  readonly dropped: readonly string[];
  readonly base: LoggedBatches;
}

/** The entries of a batch are written in this order, `planned` before anything of the batch runs. */
export type BatchEntry =
  /** The input of a batch is fixed. It may be repeated for a batch that is not prepared: the last one counts. */
  | { readonly kind: "planned"; readonly input: BatchInput }
  /** The outputs of the batch are complete, and none of them is visible yet. Left out if no output has anything to commit. */
  | { readonly kind: "prepared"; readonly time: EpochMs; readonly prepared: PreparedBatch }
  /** All outputs of the batch are committed. `states`: those that were brought up to it. */
  | { readonly kind: "committed"; readonly time: EpochMs; readonly states: CommittedBatches["states"] }
  /** The commit of some outputs was refused, and the job ended: the batch runs again without those that are `done`. */
  | { readonly kind: "abandoned"; readonly time: EpochMs; readonly done: readonly OutputInfo[] };

/** The job that a log belongs to. */
export interface JobIdentity {
  readonly name: string;
  /** Drawn by lot when the checkpoint began: no other one has it, not even a fork. `""` of checkpoints from before there were ids. */
  readonly id: string;
  readonly batchIntervalMs: number;
}

/** Everything that a job needs to go on, as of one moment. */
export interface LoggedBatches {
  /** One interval before the first batch: windows align with it. `undefined`: no job has run yet, and there is only imported state. */
  readonly zeroTime: EpochMs | undefined;
  readonly committed: CommittedBatches;
  /** Batches that later ones may look back on, oldest first. */
  readonly remembered: readonly RememberedBatch[];
  /** The batch that was planned and is not committed. */
  readonly pending: PendingBatch | undefined;
  /** By name of the input: what it has to remember of the batches up to `memoriesAt`. */
  readonly memories: ReadonlyMap<string, InputMemory>;
  readonly memoriesAt: EpochMs;
  /** By name of the input: how far its received blocks were given to batches, those of `pending` included. */
  readonly received: ReadonlyMap<string, ReceivedMark>;
}

/** A batch as a later one sees it that looks back. */
export interface RememberedBatch {
  readonly time: EpochMs;
  readonly inputs: BatchInput["inputs"];
  /** The state versions that it was built on. */
  readonly states: CommittedBatches["states"];
}

export interface PendingBatch extends RememberedBatch {
  /** Its outputs are complete: its commit is to be finished, and it does not run again. */
  readonly prepared: PreparedBatch | undefined;
  /** Why a part of it failed, if `batch.failure` let the rest be prepared. */
  readonly error: WireError | undefined;
  /** Outputs that an earlier run of it has committed. */
  readonly done: readonly OutputInfo[];
}

/** What an input remembers from batch to batch. */
export type InputMemory =
  | {
      readonly kind: "files";
      /** Files last changed by then are not new; `undefined`: all may be. */
      readonly afterMs: number | undefined;
      readonly known: readonly KnownFile[];
    }
  /** The ranges of its last batch. */
  | { readonly kind: "external"; readonly ranges: readonly Uint8Array[] };

/** A file that a batch has read. */
interface KnownFile {
  readonly path: Location;
  /** The batch from which on it is remembered. */
  readonly since: number;
  /** Its version when it was chosen. */
  readonly version: string;
  /** How often a failed batch returned it. */
  readonly returns: number;
  /** It was returned, and no batch has chosen it again. */
  readonly waiting: boolean;
}
