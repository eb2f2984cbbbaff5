import type { EngineError } from "@millrace/base";

/** The end of a run of a receiver: its reason, and the next step. */
export type RunEnd =
  /** It is restarted: after the given delay, or after the next back-off pause. */
  | { readonly kind: "retry"; readonly error: EngineError; readonly delayMs?: number }
  /** It has ended for good. */
  | { readonly kind: "stopped"; readonly error?: EngineError };

export interface RunEvents {
  /** It is connected; the back-off is reset once records have arrived. */
  running(): void;
  /** Records have arrived. */
  received(): void;
  /** Once. */
  ended(end: RunEnd): void;
  /** A non-fatal error. */
  trouble(error: EngineError): void;
}

/** One run of a receiver, from start to end; a restart begins another. */
export interface ReceiverRun {
  start(): void;
  /** Stops reading; resolves when everything read is safe. `ended` is not called afterwards. */
  stop(): Promise<void>;
}
