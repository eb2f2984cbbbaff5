import type { Backoff, BackoffRange, Deferred, ExecutorId, JobConf } from "@millrace/base";
import type { BlockId, LoggedAt } from "@millrace/plan";
import type { ToExecutor } from "@millrace/rpc";
import type { ReceiverThread } from "./receiver-thread.ts";

export type Start = Extract<ToExecutor, { readonly type: "startReceiver" }>;

/** Receivers that share a thread: a receiver with user code has its own, all others share one. */
export interface Group {
  readonly name: string;
  readonly streams: Set<Stream>;
  thread: ReceiverThread;
  /** Back-off of threads that end, until one passes on a block. */
  readonly backoff: Backoff;
}

export interface Stream {
  readonly start: Start;
  readonly group: Group;
  replicateTo: ExecutorId | undefined;
  /** The engine is behind; a replacement thread is held back too. */
  held: boolean;
  stopping: boolean;
  /** Blocks are replicated and announced in sequence, once they are logged, together with the receiver's reports. */
  line: Promise<void>;
  /** Blocks so far. */
  blocks: number;
  /** The receiver's position after all announced blocks. */
  position: Uint8Array | undefined;
  /** A block of the receiver's current run was refused: what it says of its position leaves that out. */
  gap: boolean;
  /** Without a driver, or before it has taken over the receiver: its reports wait. */
  adopted: Deferred<void> | undefined;
  /** Another driver has started it while it was stopping for the one before. */
  again: Start | undefined;
}

/** A block in the store that is not announced yet. */
export interface StoredBlock {
  readonly id: BlockId;
  readonly bytes: number;
  readonly records: number;
  readonly position: Uint8Array | undefined;
  /** Its place in the received log; `undefined`: it is not written there. */
  readonly logged: Promise<LoggedAt> | undefined;
}

export function postStart({ start, group, held, position }: Stream, afterMs: number): void {
  const { stream, receiver, blockIntervalMs } = start;
  group.thread.post({ type: "start", stream, spec: receiver, blockIntervalMs, afterMs, held, position });
}

export function restartDelay(conf: JobConf): BackoffRange {
  return { min: conf["receiver.restart.delay.min"], max: conf["receiver.restart.delay.max"] };
}
