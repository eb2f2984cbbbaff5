import { assert, type StreamId, streamId } from "@millrace/base";
import { type BlockId, type BlockLocation, blockId, type LoggedAt } from "./action-plan.ts";

/**
 * The place of a block in the order in which one input stored its blocks: by epoch of the checkpoint directory's owner, then by
 * run of the receiver, then by position within the run.
 */
export interface ReceivedPlace {
  readonly epoch: number;
  /** Counted by the job's driver, one for each start of the receiver on an executor. */
  readonly run: number;
  readonly block: number;
}

/** A block that a receiver stored. */
export interface ReceivedBlockLocation extends BlockLocation {
  readonly records: number;
}

/** How far an input has come: the last block that a batch was given, and its receiver's position after that. */
export interface ReceivedMark {
  readonly place: ReceivedPlace;
  /** What the receiver gave to `store`, in the value codec. */
  readonly position?: Uint8Array;
}

/** The id of a received block says its place, so that wherever the id is, the place is known. */
export function receivedBlockId(stream: StreamId, { epoch, run, block }: ReceivedPlace): BlockId {
  return blockId(`recv/${stream}/${epoch}.${run}/${block}`);
}

const RECEIVED_ID = /^recv\/\d+\/(\d+)\.(\d+)\/(\d+)$/;

/** The stream of a received block. */
export function streamOf(id: BlockId): StreamId {
  return streamId(Number(id.split("/", 2)[1]));
}

export function placeOf(id: BlockId): ReceivedPlace {
  const match = RECEIVED_ID.exec(id);
  assert(match !== null, `${id} is the id of a received block`);
  return { epoch: Number(match[1]), run: Number(match[2]), block: Number(match[3]) };
}

/** Negative: `a` comes first. */
export function comparePlaces(a: ReceivedPlace, b: ReceivedPlace): number {
  return a.epoch - b.epoch || a.run - b.run || a.block - b.block;
}

/** A block as the received log has it. */
export interface LoggedBlock {
  readonly input: string;
  readonly place: ReceivedPlace;
  readonly bytes: number;
  readonly records: number;
  /** Of the receiver, after this block. */
  readonly position?: Uint8Array;
  readonly at: LoggedAt;
}

/** The start of a run of a receiver, as the received log has it. */
export interface LoggedRun extends Omit<ReceivedPlace, "block"> {
  readonly input: string;
  /**
   * The last block of earlier runs that the job's driver had taken. What those have stored beyond it was never confirmed to a
   * receiver, and does not count.
   */
  readonly after?: ReceivedPlace;
}

/** What is in a received log. */
export interface ReceivedLogContent {
  readonly segments: readonly string[];
  readonly runs: readonly LoggedRun[];
  /** By segment, in the order in which they were written. A block may be there twice, with the same content. */
  readonly blocks: readonly LoggedBlock[];
}
