import type { StreamId } from "@millrace/base";
/** The storage and replication of a block. `replication` 2 adds a copy on a second executor if there is one. */
export interface BlockLevel {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly replication: number;
}

/** A receiver in the form that ships. */
export type ReceiverSpec =
  | { readonly kind: "socketText"; readonly host: string; readonly port: number }
  /** `decoder`: captures-encoded `[[decoder]]`, `(stream: AsyncIterable<Uint8Array>) => AsyncIterable<T> | Iterable<T>`. */
  | { readonly kind: "socket"; readonly host: string; readonly port: number; readonly decoder: Uint8Array }
  /** Length-prefixed blocks that are records already; see `rawBlock` of the api. */
  | { readonly kind: "rawSocket"; readonly host: string; readonly port: number }
  /** `source`: captures-encoded `[[source]]`, `(signal: AbortSignal) => AsyncIterable<T> | Iterable<T>`, or a promise of it. */
  | { readonly kind: "iterable"; readonly source: Uint8Array }
  /** Captures-encoded `[[instance]]` of the job's class that extends `Receiver`. */
  | { readonly kind: "custom"; readonly receiver: Uint8Array };

/** A receiver of the job's graph. */
export interface ReceiverPlan {
  /** Unique within the job, from 0 in the order of declaration. */
  readonly stream: StreamId;
  /** The name of its blocks in a `BatchInput`. */
  readonly input: string;
  /** Its name for users: `socketTextStream localhost:9999`, or the argument of `named`. */
  readonly name: string;
  readonly receiver: ReceiverSpec;
  readonly level: BlockLevel;
}
