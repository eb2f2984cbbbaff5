import type { EngineError } from "@millrace/base";

/** Why a source does not go on, and what it wants. */
export type SourceEnd =
  /** It is started again: after its own delay, or the next of the growing pauses. */
  | { readonly kind: "retry"; readonly error: EngineError; readonly delayMs?: number }
  /** It is over for good. */
  | { readonly kind: "stopped"; readonly error?: EngineError };

export interface SourceEvents {
  /** It receives: the pauses begin small again once records have come. */
  running(): void;
  /** Records have come. */
  received(): void;
  /** Once. */
  ended(end: SourceEnd): void;
  /** Something went wrong that ends nothing. */
  trouble(error: EngineError): void;
}

/** One run of a receiver, from its start to its end; a restart makes another. */
export interface ReceiverRun {
  start(): void;
  /** Reads no more; resolves when everything it had is safe. `ended` is not called any more. */
  stop(): Promise<void>;
}
