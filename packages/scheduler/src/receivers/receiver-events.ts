import type { EpochMs, ExecutorId, Millis, StreamId, Warning, WarningOver, WireError } from "@millrace/base";
import type {
  BatchInput,
  BlockId,
  BlockLocation,
  FixedInput,
  LoggedAt,
  ReceivedLogContent,
  ReceivedMark,
  ReceivedPlace,
} from "@millrace/plan";

/** A receiver that the graph declares. */
export interface ReceiverDeclaration {
  readonly stream: StreamId;
  /** The name of its blocks in a `BatchInput`. */
  readonly input: string;
  /** Its name for the operator: `socketTextStream localhost:9999`. */
  readonly name: string;
  /** Copies of each block: 2 for storage levels ending in `_2`. */
  readonly copies: 1 | 2;
}

export interface ReceivedBlock {
  readonly id: BlockId;
  readonly bytes: number;
  readonly records: number;
  /** Every executor that holds it, the receiver's own first. */
  readonly at: readonly ExecutorId[];
  /** Its place in the received log, if it is there. */
  readonly logged?: LoggedAt;
  /** The receiver's position after it, in the value codec. */
  readonly position?: Uint8Array;
}

export type ReceiverStatus =
  | { readonly state: "running" }
  | { readonly state: "retrying"; readonly error: WireError; readonly retryMs: number }
  | { readonly state: "stopped"; readonly error?: WireError }
  /** A non-fatal error: a receiver's `reportError`. */
  | { readonly state: "trouble"; readonly error: WireError }
  /** Its thread does not answer: user code blocks it. */
  | { readonly state: "stuck"; readonly error: WireError }
  /** It was stuck, and no longer is. */
  | { readonly state: "answering" }
  /** Its blocks cannot be written to the received log: they wait, and are not confirmed. */
  | { readonly state: "unlogged"; readonly error: WireError }
  /** They are written again. */
  | { readonly state: "logged" };

/** What an earlier run of the job has received, by its logs. */
export interface RecalledInput {
  /** The batch that was planned and is not committed. */
  readonly pending: BatchInput | undefined;
  /** Batches that later ones look back on, oldest first. */
  readonly remembered: readonly BatchInput[];
  /** By name of the input: how far its blocks were given to batches. */
  readonly marks: ReadonlyMap<string, ReceivedMark>;
  readonly log: ReceivedLogContent;
  /** Names of inputs that the operator has dropped. */
  readonly dropped: readonly string[];
}

/** Events of the receiver tracker. A report names the executor of its session. */
export type ReceiverEvent =
  | {
      readonly type: "started";
      readonly receivers: readonly ReceiverDeclaration[];
      /** What an earlier run of the job has received. */
      readonly recalled?: RecalledInput;
    }
  | { readonly type: "executorReady"; readonly executor: ExecutorId; readonly held?: HeldInventory }
  | { readonly type: "executorLost"; readonly executor: ExecutorId }
  /** It was told to end and serves its blocks until it is lost; its receivers move, and its blocks are copied. */
  | { readonly type: "executorLeaving"; readonly executor: ExecutorId }
  | {
      readonly type: "received";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      readonly blocks: readonly ReceivedBlock[];
    }
  | {
      readonly type: "receiverStatus";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      readonly status: ReceiverStatus;
    }
  /** Answers `copyBlocks`: the blocks of which the executor has a copy now, and those that it could not fetch. */
  | {
      readonly type: "blocksCopied";
      readonly executor: ExecutorId;
      readonly copied: readonly BlockId[];
      readonly failed: readonly BlockId[];
    }
  /** Answers `copyAfter`. Late ones are harmless. */
  | { readonly type: "copyDue"; readonly executor: ExecutorId }
  /** Allocate all unallocated blocks to a batch. Answered at once by `allocated`. */
  | { readonly type: "allocate"; readonly batch: EpochMs }
  /** The polled inputs are fixed, by name: the input of the batch is complete. */
  | {
      readonly type: "inputFixed";
      readonly batch: EpochMs;
      readonly inputs: ReadonlyMap<string, FixedInput>;
    }
  /** Run the batch: answered at once by `batchInput`. */
  | { readonly type: "runBatch"; readonly batch: EpochMs }
  /** The batch is committed, has failed or was cancelled: its bytes no longer hold its receivers back. */
  | {
      readonly type: "batchEnded";
      readonly batch: EpochMs;
      /** It is not committed, and is to run again at the next start of the job. */
      readonly unfinished?: boolean;
    }
  /** No later batch reads the blocks of this one: they may be dropped. */
  | { readonly type: "batchReleased"; readonly batch: EpochMs }
  /** Stop receivers for good; they hand over their buffered records first. Answered by `allStopped`. */
  | { readonly type: "stopRequested" };

/** A run of a receiver on an executor that has outlived the job's driver. */
export interface HeldRun extends Pick<ReceiverRunStart, "epoch" | "run"> {
  readonly stream: StreamId;
  readonly after?: ReceivedPlace;
  /** It was not told to stop. */
  readonly running: boolean;
}

/** What an executor has from under an earlier driver of the job. */
export interface HeldInventory {
  /** Received blocks, its own and copies. A copy does not say the receiver's position. */
  readonly blocks: readonly ReceivedBlock[];
  readonly runs: readonly HeldRun[];
}

/** The beginning of a run of a receiver. */
export interface ReceiverRunStart {
  /** Of the job's batch log, 0 without one. */
  readonly epoch: number;
  readonly run: number;
  /** The last block that the driver has taken of earlier runs. */
  readonly after: ReceivedPlace | undefined;
  /** The receiver's position after that block. */
  readonly position: Uint8Array | undefined;
}

/** Effects of the receiver tracker, carried out in this order. */
export type ReceiverEffect =
  | {
      readonly type: "startReceiver";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      /** The peer for second copies; `undefined`: none needed, or no other executor. */
      readonly replicateTo: ExecutorId | undefined;
      readonly run: ReceiverRunStart;
    }
  | { readonly type: "stopReceiver"; readonly executor: ExecutorId; readonly stream: StreamId }
  /** The peer of a running receiver changed: the old one was lost, or a first one joined. */
  | {
      readonly type: "replicateTo";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      readonly peer: ExecutorId | undefined;
    }
  /**
   * Bytes of the stream that are in no batch or in an unfinished one. Sent when the number has changed by an eighth of
   * the limit or crossed it.
   */
  | {
      readonly type: "receiverBacklog";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      readonly bytes: number;
    }
  | { readonly type: "allocated"; readonly batch: EpochMs }
  /** The input of the batch, without blocks that were lost since they were allocated. */
  | { readonly type: "batchInput"; readonly input: BatchInput }
  /** The executor may confirm these blocks to their receiver: the next batch reads them unless all holders are lost. */
  | {
      readonly type: "blocksTaken";
      readonly executor: ExecutorId;
      readonly stream: StreamId;
      readonly blocks: readonly BlockId[];
    }
  /** Every block of a leaving executor has its copies on others, and it may end. Sent once. */
  | { readonly type: "executorFree"; readonly executor: ExecutorId }
  /** The executor is to fetch copies, in the background. Answered by one `blocksCopied`, unless it is lost first. */
  | { readonly type: "copyBlocks"; readonly executor: ExecutorId; readonly blocks: readonly BlockLocation[] }
  /** Answer `copyDue` after the pause: the executor is given no copies until then. */
  | { readonly type: "copyAfter"; readonly executor: ExecutorId; readonly delay: Millis }
  /** The executor holds these blocks too: plans made earlier do not name it. */
  | { readonly type: "holderAdded"; readonly executor: ExecutorId; readonly blocks: readonly BlockId[] }
  /** Blocks with a `holderAdded` are released. */
  | { readonly type: "copiesReleased"; readonly blocks: readonly BlockId[] }
  /** Nothing needs these segments of the received log any more. */
  | { readonly type: "segmentsFree"; readonly segments: readonly string[] }
  | { readonly type: "dropBlocks"; readonly executor: ExecutorId; readonly blocks: readonly BlockId[] }
  /** Records are gone with their last holder. To be reported prominently, once per lost executor. */
  | {
      readonly type: "blocksLost";
      /** Their last holder. */
      readonly executor: ExecutorId;
      readonly lost: readonly LostBlocks[];
      readonly warning: Warning;
    }
  /**
   * With `lasting`, a condition: it holds until `warningOver` names its subject or a new condition replaces it.
   */
  | ({ readonly type: "warning" } & Warning)
  /** A condition is over. `message`: a line for the log. */
  | ({ readonly type: "warningOver" } & WarningOver)
  /**
   * For listeners. `started`: it is connected to its source, perhaps again. `error`: it is not connected, or has
   * reported a non-fatal error. `stopped`: it has ended, at least on that executor.
   */
  | {
      readonly type: "receiverChanged";
      readonly stream: StreamId;
      readonly change: "started" | "error" | "stopped";
      /** Its current or last executor. */
      readonly executor: ExecutorId;
      readonly error: WireError | undefined;
    }
  /** Answers `stopRequested`, once. `pending`: some blocks are allocated to no batch. */
  | { readonly type: "allStopped"; readonly pending: boolean };

interface LostBlocks {
  readonly stream: StreamId;
  /** The batch to which they were allocated, if any. */
  readonly batch: EpochMs | undefined;
  readonly blocks: readonly BlockId[];
  readonly records: number;
}
