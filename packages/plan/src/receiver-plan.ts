import type { StreamId } from "@millrace/base";
/** Where and how often a block is kept. `replication` 2 puts a copy on a second executor when there is one. */
export interface BlockLevel {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly replication: number;
}

/** A receiver as it ships. */
export type ReceiverSpec =
  | { readonly kind: "socketText"; readonly host: string; readonly port: number }
  /** `decoder`: captures-encoded `[[decoder]]`, `(stream: AsyncIterable<Uint8Array>) => AsyncIterable<T> | Iterable<T>`. */
  | { readonly kind: "socket"; readonly host: string; readonly port: number; readonly decoder: Uint8Array }
  /** Blocks that are records already, each after its length; see `rawBlock` of the api. */
  | { readonly kind: "rawSocket"; readonly host: string; readonly port: number }
  /** `source`: captures-encoded `[[source]]`, `(signal: AbortSignal) => AsyncIterable<T> | Iterable<T>`, or a promise of it. */
  | { readonly kind: "iterable"; readonly source: Uint8Array }
  /** Captures-encoded `[[instance]]` of the job's class that extends `Receiver`. */
  | { readonly kind: "custom"; readonly receiver: Uint8Array };

/** A receiver that the job's graph asks for. */
export interface ReceiverPlan {
  /** Unique within the job, from 0 in the order of the job's text. */
  readonly stream: StreamId;
  /** Under which name its blocks are in a `BatchInput`. */
  readonly input: string;
  /** What the operator calls it: `socketTextStream localhost:9999`, or what `named` gave. */
  readonly name: string;
  readonly receiver: ReceiverSpec;
  readonly level: BlockLevel;
}
