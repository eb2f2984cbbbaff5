import type { EpochMs, ExecutorId, JobConf, JobId, StreamId, WireError } from "@millrace/base";
import type { Location } from "@millrace/files";
import type {
  BlockId,
  BlockLevel,
  BlockLocation,
  CheckpointProbe,
  LaunchTask,
  ReceiverSpec,
  ShuffleId,
  ShuffleWrite,
  StageRunId,
  StageTemplate,
  TaskKey,
  TaskStatus,
  TemplateId,
} from "@millrace/plan";
import type { HeldRun, ReceivedBlock, ReceiverRunStart, ReceiverStatus } from "@millrace/scheduler";

/** Increased whenever a message changes its meaning; an executor of another version is refused with both numbers. */
export const PROTOCOL_VERSION = 10;

/** host:port of a framed-TCP data server. */
export interface DataAddress {
  readonly host: string;
  readonly port: number;
}

/** The received log of a job that names its checkpoint directory; `epoch` is that of its batch log. */
export interface ReceivedLogPlace {
  /** The checkpoint directory. */
  readonly directory: Location;
  readonly epoch: number;
}

/**
 * Messages from a job executor process to the job driver process. Messages of one session arrive in order, once, or the
 * session ends.
 */
export type FromExecutor =
  | {
      readonly type: "hello";
      readonly protocol: number;
      readonly job: JobId;
      readonly executor: ExecutorId;
      readonly slots: number;
      readonly data: DataAddress;
      readonly pid: number;
      /** IANA name of its time zone; empty if unknown. */
      readonly zone: string;
    }
  /**
   * What it has from under an earlier driver of the job, before `ready`, in several messages if it is much. None of the
   * blocks is announced again, and reports of its receivers wait until they are started or stopped.
   */
  | { readonly type: "held"; readonly blocks: readonly ReceivedBlock[]; readonly runs: readonly HeldRun[] }
  /** In place of `ready`: it does not reach the checkpoint directory. The driver closes the session. */
  | { readonly type: "unfit"; readonly error: WireError }
  | { readonly type: "ready" } // the artefact is loaded on every slot: tasks may be sent
  | { readonly type: "tasks"; readonly statuses: readonly TaskStatus[] }
  | { readonly type: "received"; readonly stream: StreamId; readonly blocks: readonly ReceivedBlock[] }
  /** Answers `copyBlocks`: the blocks that are here now, and those that no holder served. */
  | { readonly type: "blocksCopied"; readonly copied: readonly BlockId[]; readonly failed: readonly BlockId[] }
  | { readonly type: "receiver"; readonly stream: StreamId; readonly status: ReceiverStatus }
  | {
      readonly type: "heartbeat";
      readonly rssBytes: number;
      readonly poolBytes: number;
      readonly blocks: number;
      /** Blocks that were spilled, or received to disk, for lack of memory, since the process began. */
      readonly spilledBytes: number;
    }
  /**
   * The executor is leaving: it serves tasks, blocks and state until it receives `shutdown`, or its own grace period is
   * over.
   */
  | { readonly type: "leaving" }
  /** An error in user code that is not part of any task. */
  | { readonly type: "trouble"; readonly error: WireError }
  /** Answers `settle`: nothing of the job is pending on any slot, and all errors have been reported. */
  | { readonly type: "settled" }
  | { readonly type: "failed"; readonly error: WireError }; // this process cannot continue, for example because the artefact does not load

/** Messages from the job driver process to a job executor process. */
export type ToExecutor =
  | {
      readonly type: "welcome";
      readonly conf: JobConf;
      readonly artefact: BlockLocation;
      /** Of the driver; an empty host is that of the session. */
      readonly data: DataAddress;
      readonly receivedLog: ReceivedLogPlace | undefined;
      /** Answered before `ready`; `undefined`: executors write nothing to be kept, or are in the driver's process. */
      readonly probe: CheckpointProbe | undefined;
    }
  /** The other executors of the job, to fetch blocks from and replicate to. */
  | { readonly type: "peers"; readonly peers: ReadonlyMap<ExecutorId, DataAddress> }
  | { readonly type: "template"; readonly template: StageTemplate }
  /** Precedes the first launch of a stage's tasks on this executor. */
  | {
      readonly type: "stage";
      readonly run: StageRunId;
      readonly batch: EpochMs;
      readonly templates: readonly TemplateId[];
      readonly captures: readonly Uint8Array[];
      readonly broadcasts: readonly BlockLocation[];
      readonly writes: ShuffleWrite | undefined;
      /** Partitions of the stage's RDD, whether or not all are computed. */
      readonly partitions: number;
      /** For a sink that takes the first records: how many per partition. */
      readonly limit?: number;
    }
  | { readonly type: "launch"; readonly tasks: readonly LaunchTask[] }
  | { readonly type: "cancel"; readonly task: TaskKey }
  | { readonly type: "stageDone"; readonly run: StageRunId }
  /** No announced stage that is still running uses them. A template that is needed again is sent again. */
  | { readonly type: "dropTemplates"; readonly templates: readonly TemplateId[] }
  | { readonly type: "dropShuffles"; readonly shuffles: readonly ShuffleId[] }
  | { readonly type: "dropBlocks"; readonly blocks: readonly BlockId[] }
  /** Fetches copies of received blocks from their holders, one after the other. Answered by one `blocksCopied`. */
  | { readonly type: "copyBlocks"; readonly blocks: readonly BlockLocation[] }
  | {
      readonly type: "startReceiver";
      readonly stream: StreamId;
      readonly receiver: ReceiverSpec;
      readonly blockIntervalMs: number;
      /** Received blocks are never dropped while a batch may need them: a level without disk only prefers memory. */
      readonly level: BlockLevel;
      readonly replicateTo: ExecutorId | undefined;
      /** The name of its blocks in a batch's input. */
      readonly input: string;
      readonly run: ReceiverRunStart;
    }
  /** The peer to which a running receiver sends second copies from now on; `undefined`: none. */
  | { readonly type: "replicateTo"; readonly stream: StreamId; readonly peer: ExecutorId | undefined }
  /** Stops reading, stores what is buffered, answers with `received` and `receiver: stopped`. */
  | { readonly type: "stopReceiver"; readonly stream: StreamId }
  /** Received bytes of the stream that wait for a batch: beyond the limit the receiver is held back. */
  | { readonly type: "receiverBacklog"; readonly stream: StreamId; readonly bytes: number }
  /** Answers `received`: the driver counts on these blocks from now on. */
  | { readonly type: "blocksTaken"; readonly stream: StreamId; readonly blocks: readonly BlockId[] }
  /** No more tasks follow: pending user code may finish. Answered by `settled`. */
  | { readonly type: "settle" }
  | { readonly type: "shutdown"; readonly graceful: boolean };

/** One end of a session. `send` never blocks; its queue is bounded by the flow of the protocol. */
export interface Session<Out, In> {
  send(message: Out): void;
  /** Set before anything is sent; earlier messages wait. */
  onMessage(handler: (message: In) => void): void;
  /** Called once, with the reason unless the end is orderly. */
  onClose(handler: (error: Error | undefined) => void): void;
  close(): void;
}

/** The driver's end: one per executor process. */
export type ExecutorSession = Session<ToExecutor, FromExecutor>;
/** The executor's end. */
export type DriverSession = Session<FromExecutor, ToExecutor>;
