import type { EpochMs, ExecutorId, StreamId } from "@millrace/base";
import type { BlockId, FixedInput } from "@millrace/plan";
import type { ReceiverDeclaration, ReceiverEffect } from "./receiver-events.ts";

export interface ReceiverSettings {
  /** `receiver.buffer.bytes`: past it a receiver is held back; reports of the backlog are spaced by it. */
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
  /** Where it runs; `undefined` when homeless or stopped. */
  executor: ExecutorId | undefined;
  /** Who gets second copies. */
  peer: ExecutorId | undefined;
  /** It was said that no executor can take second copies. */
  alone: boolean;
  /** It was said that its source is down. */
  down: boolean;
  /** It was said that its thread does not answer. */
  stuck: boolean;
  /** Blocks that no batch has, in order of arrival. Bound: the executor holds the receiver back past `bufferBytes`. */
  waiting: HeldBlock[];
  /** Bytes of blocks in no batch, or in one that is not done. */
  backlogBytes: number;
  /** The backlog last told. */
  toldBytes: number;
}

export interface HeldBlock {
  readonly id: BlockId;
  readonly stream: StreamId;
  readonly bytes: number;
  readonly records: number;
  /** Who has a copy now; shrinks as executors are lost. */
  at: readonly ExecutorId[];
}

/**
 * The input of a batch, in the one place where it is kept.
 *
 *     allocated ─inputFixed─▶ fixed ─begin─▶ begun ─batchEnded─▶ ended ─batchReleased─▶ (gone)
 *         └───────────────── batchEnded: the job is cut off ──────▲
 */
export interface AllocatedBatch {
  readonly time: EpochMs;
  state: "allocated" | "fixed" | "begun" | "ended";
  /** By stream, in order of arrival; lost blocks are taken out. */
  readonly blocks: Map<StreamId, HeldBlock[]>;
  /** By stream, in the blocks that the batch has, or had when it began. */
  readonly records: Map<StreamId, number>;
  /** Of the inputs that are no receivers, by name: once they are fixed, and until the batch is done. */
  fixed: ReadonlyMap<string, FixedInput>;
}

/** All receivers of a job and what they received. Made by `receiverTracker`, changed by `stepReceivers` only. */
export interface ReceiverTracker {
  readonly settings: ReceiverSettings;
  mode: "new" | "open" | "stopping" | "stopped";
  readonly receivers: Map<StreamId, TrackedReceiver>;
  /** Ready executors, in the order they became so. */
  readonly executors: ExecutorId[];
  /** Those of them that were told to end; true: it was said that they may go. */
  readonly leaving: Map<ExecutorId, boolean>;
  /** Ascending. Bound: batches planned, and those whose data later batches still read. */
  readonly batches: Map<EpochMs, AllocatedBatch>;
  /** It was said that receivers wait for an executor. */
  starved: boolean;
  /** What was lost with executors since the stop was asked for; what went before was told, and the job went on. */
  readonly lost: ReceivedCount;
  /** Receivers whose executor was lost while they were to hand over what they held. */
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
