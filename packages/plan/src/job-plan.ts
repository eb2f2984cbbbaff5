import { type Brand, branded, type EpochMs, type ExecutorId } from "@millrace/base";
import type { Location, WrittenContent } from "@millrace/files";
import type { BlockLevel } from "./receiver-plan.ts";
import type { StageTemplate } from "./template.ts";

/** Names a block in the stores of a job: `recv/0/17`, `shuffle/4/0/1/2`, `broadcast/3`. */
export type BlockId = Brand<string, "BlockId">;
/** Unique within a run of a job; given when the shuffled RDD is made, so that two actions on it share its output. */
export type ShuffleId = Brand<number, "ShuffleId">;
/** Unique within a run of a job: one run of one stage. */
export type StageRunId = Brand<number, "StageRunId">;

export const blockId = (text: string): BlockId => branded<BlockId>(text);
export const shuffleId = (n: number): ShuffleId => branded<ShuffleId>(n);
export const stageRunId = (n: number): StageRunId => branded<StageRunId>(n);

/** The block that map task `map`, in its attempt `attempt`, wrote for reduce partition `reduce`. */
export const shuffleBlockId = (shuffle: ShuffleId, map: number, attempt: number, reduce: number): BlockId =>
  blockId(`shuffle/${shuffle}/${map}/${attempt}/${reduce}`);

/** Where data can be fetched: an executor of the job, or the job's driver. */
export type Holder = ExecutorId | "driver";

/** A block and who holds a copy of it; `at` is never empty. */
export interface BlockLocation {
  readonly id: BlockId;
  readonly bytes: number;
  readonly at: readonly Holder[];
  /** All of it, when it is small: whoever reads it need not ask a holder. */
  readonly copy?: Uint8Array;
}

/** One action, planned: the stages that it needs, parents before children. The last one gives the result. */
export interface JobPlan {
  readonly batch: EpochMs;
  readonly stages: readonly PlannedStage[];
}

export interface PlannedStage {
  readonly run: StageRunId;
  /** What the operator calls this stage: the labels of its operators. */
  readonly name: string;
  readonly templates: readonly StageTemplate[];
  /** For each template: the captured values of its functions, as `encodeCaptures` wrote them; empty when there are none. */
  readonly captures: readonly Uint8Array[];
  /** Broadcast variables that the captures mention. */
  readonly broadcasts: readonly BlockLocation[];
  readonly tasks: readonly PlannedTask[];
  /** Of the stage's RDD, whether or not all have a task. */
  readonly partitions: number;
  /** Shuffles whose output the tasks read; each is written by an earlier stage or by an earlier plan. */
  readonly reads: readonly ShuffleId[];
  /** The shuffle this stage writes; `undefined` for the last stage. */
  readonly writes: ShuffleWrite | undefined;
  /** Of a sink that takes the first records: how many from each partition. */
  readonly limit?: number;
}

export interface ShuffleWrite {
  readonly shuffle: ShuffleId;
  /** Reduce partitions. */
  readonly partitions: number;
  /** Of a persisted RDD: how the blocks are kept. */
  readonly level?: BlockLevel;
}

export interface PlannedTask {
  readonly partition: number;
  /** Index into the stage's templates. */
  readonly template: number;
  readonly inputs: readonly PlannedInput[];
  readonly state?: StateRef;
  readonly output?: OutputRef;
}

/** An input as planned: shuffles are named, and become block locations when the task is launched. */
export type PlannedInput =
  | TaskInput
  | { readonly kind: "shuffle"; readonly shuffle: ShuffleId; readonly partition: number }
  /** All that one map task of a shuffle with a single reduce partition wrote: a partition of a persisted RDD. */
  | { readonly kind: "mapOutput"; readonly shuffle: ShuffleId; readonly map: number };

export type TaskInput =
  /** Frames that travel with the task: at most 64 KB. */
  | { readonly kind: "inline"; readonly block: Uint8Array }
  /** Blocks to fetch, read in this order. Empty blocks are left out. */
  | { readonly kind: "blocks"; readonly blocks: readonly BlockLocation[] }
  /** The number by which `mapPartitionsWithIndex` and `number` know a partition. */
  | { readonly kind: "partition"; readonly partition: number }
  | ExternalRange
  | FileRange;

/** What a task reads of a source that the engine does not know. */
export interface ExternalRange {
  readonly kind: "external";
  /** Plain data, as the codec writes a value. Only the stage's own reading function knows what it says. */
  readonly range: Uint8Array;
}

/** Bytes [start, end) of a file; a line belongs to the range in which it starts. */
export interface FileRange {
  readonly kind: "file";
  readonly path: Location;
  readonly start: number;
  readonly end: number;
  /** What its file system called the content that was listed. The task fails where it finds another. */
  readonly version: string;
}

/**
 * The partition of a stateful operator that a task updates. The slot that owns it has version `version` published or in
 * its overlay; any other slot loads it from `directory` first.
 */
export interface StateRef {
  /** `named(id)`, else the operator's position in the graph: `updateStateByKey-2`. */
  readonly operator: string;
  readonly partition: number;
  readonly partitions: number;
  /** The last batch whose update is committed; 0 before the first. */
  readonly version: EpochMs;
  /** No batch that builds on an earlier version is computed again: what the log has for those may go. */
  readonly oldest: EpochMs;
  /** The batch that this task computes; running it again for the same batch gives the same state. */
  readonly batch: EpochMs;
  readonly directory: Location;
}

/** Where a task that saves writes: `<directory>/_temporary/<attempt>-<file>`. The driver gives the file its name. */
export interface OutputRef {
  readonly directory: Location;
  readonly file: string;
}

/** A file that an attempt of a task has written, as its outcome reports it. Files of other attempts do not count. */
export interface WrittenFile extends WrittenContent {
  /** Its name; until the driver has given it another one, within `_temporary`. */
  readonly file: string;
}
