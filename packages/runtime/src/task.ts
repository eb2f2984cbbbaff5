import type { EpochMs } from "@millrace/base";
import type {
  ExternalRange,
  FileRange,
  LaunchTask,
  StageRunId,
  TaskFailure,
  TaskTally,
  TemplateId,
  WrittenFile,
} from "@millrace/plan";
import type { BlockHandle } from "@millrace/storage";

/** An input whose data is local: the executor's main thread fetches and pins blocks before it posts the task. */
export type ResolvedInput =
  /** Whole blocks, read in this order. Pinned until the task's outcome is back. */
  | { readonly kind: "block"; readonly handles: readonly BlockHandle[] }
  /** Frames that travelled with the task. */
  | { readonly kind: "inline"; readonly block: Uint8Array }
  /** The partition's number for `mapPartitionsWithIndex` and `number`. */
  | { readonly kind: "partition"; readonly partition: number }
  | ExternalRange
  /** Lines of bytes [start, end) of a file, read by the slot itself. */
  | FileRange;

/** One attempt at one partition of a stage, with local inputs. */
export type SlotTask = LaunchTask<ResolvedInput>;

/** A broadcast variable's block on this executor, pinned until the stage is done. */
export interface ResolvedBroadcast {
  /** The block's id, `broadcast/3`, by which captures refer to it. */
  readonly id: string;
  readonly source: ResolvedInput;
}

/** The data that all tasks of one run of a stage share. */
export interface StageStart {
  readonly run: StageRunId;
  readonly batch: EpochMs;
  readonly templates: readonly TemplateId[];
  /** For each template: the captured values of its functions, as `encodeCaptures` wrote them; empty when there are none. */
  readonly captures: readonly Uint8Array[];
  readonly broadcasts: readonly ResolvedBroadcast[];
  /** The number of partitions of the stage's RDD, including any that are not computed. */
  readonly partitions: number;
  /** For a sink that takes the first records, their number in each partition. */
  readonly limit?: number;
}

/** The outcome of an attempt. Its blocks belong to whoever receives it, and must be freed in the end. */
export type SlotOutcome = SlotMapOutcome | SlotResultOutcome | TaskFailure;

export interface SlotMapOutcome extends TaskTally {
  readonly kind: "mapOutput";
  /** By reduce partition; `undefined` for one without records. */
  readonly blocks: readonly (BlockHandle | undefined)[];
  /** Bytes of each reduce partition's block. */
  readonly bytes: readonly number[];
  /** CRC-32 of the content of all blocks, in order. */
  readonly checksum: number;
}

export interface SlotResultOutcome extends TaskTally {
  readonly kind: "result";
  readonly result: SlotResult;
}

/** Frames of result records, inline up to {@link INLINE_RESULT_BYTES_MAX} and otherwise in the pool; or the saved file. */
export type SlotResult =
  | { readonly kind: "inline"; readonly block: Uint8Array }
  | { readonly kind: "block"; readonly handle: BlockHandle; readonly bytes: number }
  | { readonly kind: "written"; readonly file: WrittenFile };

export const INLINE_RESULT_BYTES_MAX: number = 64 * 1024;
