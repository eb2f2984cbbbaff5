import type { EpochMs, ExecutorId, Rng, StreamId } from "@millrace/base";
import type { BlockId, FixedInput, LoggedAt, ReceivedMark, ReceivedPlace } from "@millrace/plan";
import type { HeldInventory, ReceiverDeclaration, ReceiverEffect } from "./receiver-events.ts";

export interface ReceiverSettings {
  /** `receiver.buffer.bytes`: the backlog beyond which a receiver is held back, and the scale for reports of it. */
  readonly bufferBytes: number;
  /** Of the job's batch log; `undefined`: it has none. */
  readonly epoch?: number;
  /** For the pauses after failed copies. */
  readonly rng: Rng;
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
  /** RECEIVED_LOG_FAILING was reported. */
  unlogged: boolean;
  /** Unallocated blocks, in order of arrival. Bound: the executor holds the receiver back beyond `bufferBytes`. */
  waiting: HeldBlock[];
  /** Bytes of blocks that are in no batch or in an unfinished one. */
  backlogBytes: number;
  /** The backlog last reported. */
  toldBytes: number;
  /** Its starts on executors so far. */
  runs: number;
  /** The last block that was taken, in a job with a batch log; runs that begin go on after it. */
  last: ReceivedPlace | undefined;
  /** The receiver's position after that block. */
  position: Uint8Array | undefined;
  /** By the log of an earlier run of the job: the last block that it had given to a batch. */
  recalledTo: ReceivedPlace | undefined;
  /** The last block that a batch was given, in a job with a batch log. */
  given: ReceivedMark | undefined;
}

/** A receiver that runs nowhere yet. */
export function trackedReceiver(declared: ReceiverDeclaration): TrackedReceiver {
  return {
    declared,
    state: "homeless",
    executor: undefined,
    peer: undefined,
    alone: false,
    down: false,
    stuck: false,
    unlogged: false,
    waiting: [],
    backlogBytes: 0,
    toldBytes: 0,
    runs: 0,
    last: undefined,
    position: undefined,
    recalledTo: undefined,
    given: undefined,
  };
}

export interface HeldBlock {
  readonly id: BlockId;
  readonly stream: StreamId;
  readonly bytes: number;
  readonly records: number;
  /** The copies that its storage level asks for; 0: it is in the received log. */
  readonly copies: 0 | 1 | 2;
  readonly logged: LoggedAt | undefined;
  /** The receiver's position after it. */
  readonly position: Uint8Array | undefined;
  /** The current holders; shrinks as executors are lost, grows as copies are made. */
  at: readonly ExecutorId[];
  /** It is in the queue of copies of this holder. */
  copyFrom: ExecutorId | undefined;
  /** A copy is under way to this executor. */
  copyTo: ExecutorId | undefined;
  /** A copy was made after it was stored, and the task scheduler knows of it. */
  recopied: boolean;
}

/** A block of which no copy is made. */
export function heldBlock(block: Omit<HeldBlock, "copyFrom" | "copyTo" | "recopied">): HeldBlock {
  return { ...block, copyFrom: undefined, copyTo: undefined, recopied: false };
}

/**
 * Copies of stored blocks, made in the background: each executor fetches at most one request at a time, and serves at
 * most one.
 *
 *     enough ─a holder is lost or leaves, an executor joins─▶ queued ─▶ under way ─copied─▶ enough
 *                                                               ▲           │
 *                                                               └── failed ─┘
 */
interface BlockCopies {
  /** Blocks to copy, by the holder that serves them; no empty ones. */
  readonly queues: Map<ExecutorId, Set<HeldBlock>>;
  /** By the executor that fetches. */
  readonly underWay: Map<ExecutorId, CopyRequest>;
  readonly targets: Map<ExecutorId, CopyTarget>;
  /** COPIES_MISSING was reported. */
  missing: boolean;
  /** Copies made since then. */
  made: number;
}

interface CopyRequest {
  readonly from: ExecutorId;
  /** Without those that were released or lost since. */
  readonly blocks: Map<BlockId, HeldBlock>;
}

/** An executor as the target of copies. */
export interface CopyTarget {
  /** Bytes that it was given to fetch. */
  bytes: number;
  /** Consecutive requests that failed. */
  failures: number;
  /** It waits for `copyDue`. */
  resting: boolean;
}

/**
 * The input of a batch, kept in this place only.
 *
 *     allocated ─inputFixed─▶ fixed ─runBatch─▶ running ─batchEnded─▶ ended ─batchReleased─▶ (gone)
 *         └───────────────── batchEnded: the job is cut off ──────▲
 *
 * A batch that failed and is to run again at the next start keeps its blocks in the received log: it is `unfinished`.
 */
export interface TrackedBatch {
  readonly time: EpochMs;
  state: "allocated" | "fixed" | "running" | "ended";
  /** By stream, in order of arrival; lost blocks are removed. */
  readonly blocks: Map<StreamId, HeldBlock[]>;
  /** By stream: the records in the batch's blocks, as of its start once it runs. */
  readonly records: Map<StreamId, number>;
  /** By stream: how far it has come with this batch. */
  readonly through: ReadonlyMap<StreamId, ReceivedMark | undefined>;
  /** Polled inputs by name, from when they are fixed until the batch has ended. */
  fixed: ReadonlyMap<string, FixedInput>;
  unfinished?: boolean;
}

/**
 * Segments of the received log that have blocks which a batch may still read, or to which a process may still write. A segment is
 * free once neither is so.
 */
interface LoggedSegment {
  /** The executor that may append to it; `undefined`: nobody does. */
  writer: ExecutorId | undefined;
  blocks: number;
}

type LoggedSegments = Map<string, LoggedSegment>;

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
  /** The batch that an earlier run of the job had planned, until it is allocated again. */
  pending: TrackedBatch | undefined;
  readonly segments: LoggedSegments;
  /** What executors have from under an earlier driver, until the receivers are declared. */
  readonly held: Map<ExecutorId, HeldInventory>;
  /** Blocks beyond `recalledTo` that executors had from under an earlier driver: each is taken up once. */
  readonly takenUp: Set<BlockId>;
  readonly copies: BlockCopies;
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
    pending: undefined,
    segments: new Map(),
    held: new Map(),
    takenUp: new Set(),
    copies: { queues: new Map(), underWay: new Map(), targets: new Map(), missing: false, made: 0 },
    starved: false,
    lost: { blocks: 0, records: 0 },
    cutOff: [],
    effects: [],
  };
}
