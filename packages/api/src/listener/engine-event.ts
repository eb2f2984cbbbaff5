import type { EpochMs, ExecutorId, WireError } from "@millrace/base";

/** Events outside of the job's own thread, which the engine reports for its listeners. */
export type EngineEvent =
  | {
      readonly type: "receiver";
      readonly stream: number;
      readonly change: "started" | "error" | "stopped";
      readonly executor: ExecutorId;
      /** The host name of the executor. */
      readonly location: string;
      readonly error: WireError | undefined;
      readonly at: EpochMs;
    }
  | { readonly type: "batchSubmitted"; readonly batch: EngineBatch }
  | { readonly type: "batchStarted"; readonly batch: EngineBatch }
  | { readonly type: "batchCompleted"; readonly batch: EngineBatch };

export interface EngineBatch {
  readonly time: EpochMs;
  /** Received records, by stream. */
  readonly records: ReadonlyMap<number, number>;
  readonly startedMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly spilledBytes: number;
  readonly error: WireError | undefined;
}
