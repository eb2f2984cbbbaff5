import type { BackoffRange, Clock } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { BlockLocation, CheckpointProbe, LoggedAt, LoggedRun, ReceivedPlace } from "@millrace/plan";
import type { BlockHandle, BlockPool, ProbedProcess } from "@millrace/storage";

/** A received block that is to be logged. Plain data. */
export interface BlockForLog {
  readonly run: LoggedRun;
  readonly place: ReceivedPlace;
  readonly handle: BlockHandle;
  readonly bytes: number;
  readonly records: number;
  readonly position: Uint8Array | undefined;
}

/** A block that is in the log. */
export type LoggedLocation = Pick<BlockLocation, "id" | "bytes"> & { readonly logged: LoggedAt };

/** The received log of a job, as an executor uses it. */
export interface ReceivedLog {
  /**
   * Resolves when the block is in the log. While it cannot be written it waits, and is tried again; it stays pending when the
   * executor ends. The handle must stay as it is until then.
   */
  append(block: BlockForLog): Promise<LoggedAt>;
  /** @throws RECEIVED_LOG_DAMAGED, and the errors of the file system. */
  read(block: LoggedLocation): Promise<Uint8Array>;
  /** Where the file system of the directory is. @throws CHECKPOINT_NOT_SHARED */
  answerProbe(probe: CheckpointProbe, who: ProbedProcess): Promise<void>;
  close(): Promise<void>;
}

export interface OpenReceivedLog {
  /** The checkpoint directory. */
  readonly directory: Location;
  readonly epoch: number;
  /** Names this process in the segments that it writes. */
  readonly writer: string;
  /** `checkpoint.sync`. */
  readonly sync: boolean;
  readonly pool: BlockPool;
  readonly clock: Clock;
  /** The executor build of the job, which may register the file system. */
  readonly executorModule: string;
  readonly retryDelay: BackoffRange;
  /** Blocks cannot be written; `undefined`: they can again. */
  onFailing(error: Error | undefined): void;
}
