import { type Brand, branded, type EpochMs, type ExecutorId } from "@millrace/base";
import type { Location, WrittenContent } from "@millrace/files";
import type { BlockLevel } from "./receiver-plan.ts";
import type { StateHeads, StateVersion } from "./state-version.ts";
import type { StageTemplate } from "./template.ts";

/** Names a block in the stores of a job: `recv/0/17`, `shuffle/4/0/1/2`, `broadcast/3`. */
export type BlockId = Brand<string, "BlockId">;
/**
 * Unique within a run of a job; assigned when the shuffled RDD is created, so that two actions on it share its output.
 */
export type ShuffleId = Brand<number, "ShuffleId">;
/** Identifies one run of one stage; unique within a run of a job. */
export type StageRunId = Brand<number, "StageRunId">;

export const blockId = (text: string): BlockId => branded<BlockId>(text);
export const shuffleId = (n: number): ShuffleId => branded<ShuffleId>(n);
export const stageRunId = (n: number): StageRunId => branded<StageRunId>(n);

/** The block written by attempt `attempt` of map task `map` for reduce partition `reduce`. */
export const shuffleBlockId = (shuffle: ShuffleId, map: number, attempt: number, reduce: number): BlockId =>
  blockId(`shuffle/${shuffle}/${map}/${attempt}/${reduce}`);

/** Where the received log has a block. */
export interface LoggedAt {
  /** The name of the segment, without its ending. */
  readonly segment: string;
  /** The byte at which the block's entry begins. */
  readonly offset: number;
}

/** A process from which blocks can be fetched: an executor of the job, or the job's driver. */
export type Holder = ExecutorId | "driver";

/** A block and the holders of its copies; `at` is empty only if it is `logged`. */
export interface BlockLocation {
  readonly id: BlockId;
  readonly bytes: number;
  readonly at: readonly Holder[];
  /** The place of a received block in the received log, from which it is read when no holder serves it. */
  readonly logged?: LoggedAt;
  /** The content of a small block, so that readers need not fetch it. */
  readonly copy?: Uint8Array;
}

/** The plan of one action: its stages, parents before children. The last one produces the result. */
export interface ActionPlan {
  readonly batch: EpochMs;
  readonly stages: readonly PlannedStage[];
}

export interface PlannedStage {
  readonly run: StageRunId;
  /** The stage's name for users: the labels of its operators. */
  readonly name: string;
  readonly templates: readonly StageTemplate[];
  /** Per template: the captured values of its functions, as encoded by `encodeCaptures`; empty if there are none. */
  readonly captures: readonly Uint8Array[];
  /** Broadcast variables among the captures. */
  readonly broadcasts: readonly BlockLocation[];
  readonly tasks: readonly PlannedTask[];
  /** The number of partitions of the stage's RDD, including any without a task. */
  readonly partitions: number;
  /** Shuffles whose output the tasks read; each is written by an earlier stage or by an earlier plan. */
  readonly reads: readonly ShuffleId[];
  /** The shuffle this stage writes; `undefined` for the last stage. */
  readonly writes: ShuffleWrite | undefined;
  /** For sinks that take the first records, their number in each partition. */
  readonly limit?: number;
}

export interface ShuffleWrite {
  readonly shuffle: ShuffleId;
  /** Reduce partitions. */
  readonly partitions: number;
  /** For a persisted RDD, the storage level of its blocks. */
  readonly level?: BlockLevel;
}

export interface PlannedTask {
  readonly partition: number;
  /** Index into the stage's templates. */
  readonly template: number;
  readonly inputs: readonly PlannedInput[];
  readonly state?: PlannedState;
  readonly output?: OutputRef;
}

/** A planned input: shuffles are named here, and resolved to block locations when the task is launched. */
export type PlannedInput =
  | TaskInput
  | { readonly kind: "shuffle"; readonly shuffle: ShuffleId; readonly partition: number }
  /** The output of one map task of a shuffle with a single reduce partition: a partition of a persisted RDD. */
  | { readonly kind: "mapOutput"; readonly shuffle: ShuffleId; readonly map: number };

export type TaskInput =
  /** Frames that travel with the task: at most 64 KB. */
  | { readonly kind: "inline"; readonly block: Uint8Array }
  /** Blocks to fetch, read in this order. Empty blocks are omitted. */
  | { readonly kind: "blocks"; readonly blocks: readonly BlockLocation[] }
  /** The partition's number for `mapPartitionsWithIndex` and `number`. */
  | { readonly kind: "partition"; readonly partition: number }
  | ExternalRange
  | FileRange;

/** The range that a task reads from a source of a package. */
export interface ExternalRange {
  readonly kind: "external";
  /** Plain data, encoded as a value. Only the source's `read` function interprets it. */
  readonly range: Uint8Array;
}

/** Bytes [start, end) of a file; a line belongs to the range in which it begins. */
export interface FileRange {
  readonly kind: "file";
  readonly path: Location;
  readonly start: number;
  readonly end: number;
  /** The file system's version of the content that was listed. The task fails if it finds another. */
  readonly version: string;
}

/**
 * The partition of a stateful operator that a task updates or reads. The slot that owns it has the version `head` published
 * or in its overlay; any other slot first loads it from `directory`.
 */
interface StateTarget {
  /** The name given with `named(id)`, otherwise the operator's position in the graph: `updateStateByKey-2`. */
  readonly operator: string;
  readonly partition: number;
  readonly partitions: number;
  /** The version that the task builds on, or reads; `undefined`: an empty partition. */
  readonly head: StateVersion | undefined;
  /** The state was in another number of partitions: the heads of those that may have keys of this one. There is no `head`. */
  readonly from?: StateHeads;
  /** No batch has updated this state before. */
  readonly first: boolean;
  /** No version as of an earlier batch is read again, so files that only those need may be removed. */
  readonly oldest: EpochMs;
  /** The batch that this task computes; running it again for the same batch yields the same state. */
  readonly batch: EpochMs;
  readonly directory: Location;
}

export interface PlannedState extends StateTarget {
  /** For a task that reads the state after its batch: the map task that updates it, and whose version is `head` at launch. */
  readonly after?: { readonly shuffle: ShuffleId; readonly map: number };
}

export interface StateRef extends StateTarget {
  /** The name of the version that this attempt may write; `undefined` for a task that only reads. */
  readonly writes: StateVersion | undefined;
}

/** What a task has made of its partition of state. */
export interface UpdatedState {
  readonly operator: string;
  readonly partition: number;
  /** `undefined`: it is unchanged. */
  readonly version: StateVersion | undefined;
}

/** The file that a saving task writes: `<directory>/_temporary/<attempt>-<file>`. The driver assigns the final name. */
export interface OutputRef {
  readonly directory: Location;
  readonly file: string;
}

/** A file written by an attempt of a task, as reported in its outcome. Files of other attempts are ignored. */
export interface WrittenFile extends WrittenContent {
  /** Its name; within `_temporary` until the driver has renamed it. */
  readonly file: string;
}
