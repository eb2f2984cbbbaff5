import type { BackoffRange, WireError } from "@millrace/base";
import type { Location } from "@millrace/files";
import type { CheckpointProbe, LoggedAt } from "@millrace/plan";
import type { PoolHandle, ProbedProcess } from "@millrace/storage";
import type { BlockForLog, LoggedLocation } from "./received-log.ts";

/** The start data of a log's thread (its `workerData`). */
export interface LogInit {
  readonly pool: PoolHandle;
  readonly directory: Location;
  readonly epoch: number;
  readonly writer: string;
  readonly sync: boolean;
  readonly retryDelay: BackoffRange;
  /** Loaded if it may register the file system. */
  readonly executorModule: string;
}

/** Each is answered with its id. */
export type ToLog =
  | { readonly type: "append"; readonly id: number; readonly block: BlockForLog }
  | { readonly type: "read"; readonly id: number; readonly block: LoggedLocation }
  | { readonly type: "probe"; readonly id: number; readonly probe: CheckpointProbe; readonly who: ProbedProcess };

export type FromLog =
  | { readonly type: "appended"; readonly id: number; readonly at: LoggedAt }
  | { readonly type: "content"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: "reached"; readonly id: number }
  | { readonly type: "refused"; readonly id: number; readonly error: WireError }
  | { readonly type: "failing"; readonly error: WireError | undefined };
