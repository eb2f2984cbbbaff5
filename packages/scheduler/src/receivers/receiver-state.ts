import type { EpochMs, ExecutorId, StreamId } from "@millrace/base";
import type { BlockId, FixedInput } from "@millrace/plan";
import type { ReceiverDeclaration, ReceiverEffect } from "./receiver-events.ts";

export interface ReceiverSettings {
  /** `receiver.buffer.bytes`: the backlog beyond which a receiver is held back, and the scale for reports of it. */
  readonly bufferBytes: number;
}

/**
 * One receiver.
 *
 *     homeless ─an executor is ready─▶ starting ─running─▶ running ◀──▶ retrying
 *        ▲                                └────────┬──────────┴─────────────┘
 *        ├──────── its executor is lost ───────────┤
 *        ├─"stopped"─ moving ◀─ its executor leaves┤
 *        │                                         ├─ it says "stopped" ──▶ stopped
 *        └─ stopRequested ─▶ stopped               └─ stopRequested ─▶ stopping ─"stopped", executor lost─▶ stopped
 */
export interface TrackedReceiver {
  readonly declared: ReceiverDeclaration;
  state: "homeless" | "starting" | "running" | "retrying" | "moving" | "stopping" | "stopped";
  /** Its executor; `undefined` when homeless or stopped. */
  executor: ExecutorId | undefined;
  /** The executor that holds its second copies. */
  peer: ExecutorId | undefined;
  /** NO_REPLICA_PEER was reported. */
  alone: boolean;
  /** SOURCE_DOWN was reported. */
  down: boolean;
  /** RECEIVER_STUCK was reported. */
  stuck: boolean;
  /** Unallocated blocks, in order of arrival. Bound: the executor holds the receiver back beyond `bufferBytes`. */
  waiting: HeldBlock[];
  /** Bytes of blocks that are in no batch or in an unfinished one. */
  backlogBytes: number;
  /** The backlog last reported. */
  toldBytes: number;
}

export interface HeldBlock {
  readonly id: BlockId;
  readonly stream: StreamId;
  readonly bytes: number;
  readonly records: number;
  /** The current holders; shrinks as executors are lost. */
  at: readonly ExecutorId[];
}

/**
 * The input of a batch, kept in this place only.
 *
 *     allocated ─inputFixed─▶ fixed ─runBatch─▶ running ─batchEnded─▶ ended ─batchReleased─▶ (gone)
 *         └───────────────── batchEnded: the job is cut off ──────▲
 */
export interface TrackedBatch {
  readonly time: EpochMs;
  state: "allocated" | "fixed" | "running" | "ended";
  /** By stream, in order of arrival; lost blocks are removed. */
  readonly blocks: Map<StreamId, HeldBlock[]>;
  /** By stream: the records in the batch's blocks, as of its start once it runs. */
  readonly records: Map<StreamId, number>;
  /** Polled inputs by name, from when they are fixed until the batch has ended. */
  fixed: ReadonlyMap<string, FixedInput>;
}

/** All receivers of a job and their blocks. Created by `receiverTracker`, changed only by `stepReceivers`. */
export interface ReceiverTracker {
  readonly settings: ReceiverSettings;
  mode: "new" | "open" | "stopping" | "stopped";
  readonly receivers: Map<StreamId, TrackedReceiver>;
  /** Ready executors, in the order in which they became so. */
  readonly executors: ExecutorId[];
  /** Executors that were told to end; true once `executorFree` was sent. */
  readonly leaving: Map<ExecutorId, boolean>;
  /** Ascending. Bound: batches with allocated blocks, and those whose data later batches still read. */
  readonly batches: Map<EpochMs, TrackedBatch>;
  /** NO_EXECUTORS was reported. */
  starved: boolean;
  /** Lost with executors since the stop was requested; earlier losses were reported while the job went on. */
  readonly lost: ReceivedCount;
  /** Receivers whose executor was lost while they were handing over their data. */
  readonly cutOff: string[];
  effects: ReceiverEffect[];
}

export interface ReceivedCount {
  blocks: number;
  records: number;
}

export function receiverTracker(settings: ReceiverSettings): ReceiverTracker {
  return {
    settings,
    mode: "new",
    receivers: new Map(),
    executors: [],
    leaving: new Map(),
    batches: new Map(),
    starved: false,
    lost: { blocks: 0, records: 0 },
    cutOff: [],
    effects: [],
  };
}
