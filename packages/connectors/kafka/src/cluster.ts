import type { RecordsBatch } from "@platformatic/kafka";
import type { RecordToProduce } from "./message.ts";

// What a cluster has and is told, in the words of this package.

/** A topic as the cluster has it. */
export interface Topic {
  /** Made anew when a topic of the name is made anew. */
  readonly id: string;
  /** The node that leads each partition; -1 while none does. */
  readonly leaders: readonly number[];
  /** What the user may do there, a bit each: see {@link MAY}. Only if it was asked for. */
  readonly rights?: number;
}

/** The bits of rights. */
export const MAY = { read: 0b0_1000, write: 0b1_0000 } as const;

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What a broker has of a partition from an offset on. */
export interface FetchedBatches {
  /** An error of the protocol, 0 for none. */
  readonly errorCode: number;
  /** Records may be read up to here, without it. */
  readonly end: number;
  /** The first offset that there is. */
  readonly begin: number;
  /** Transactions among these batches that were aborted. */
  readonly aborted: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  /** Whole batches: the first may begin before the offset that was asked for. */
  readonly batches: readonly RecordsBatch[];
}

/** Who writes, as brokers know it. */
export interface Producer {
  readonly producerId: bigint;
  /** A later one of the same transactional id shuts this one out. */
  readonly epoch: number;
}

/** A producer with its transactional id. */
export interface KafkaTransaction extends Producer {
  readonly id: string;
}

/** A group of records for one partition. */
export interface RecordGroup {
  readonly topic: string;
  readonly partition: number;
  /** The transactional id, if they belong to a transaction. */
  readonly id: string | undefined;
  readonly producer: Producer;
  readonly compression: "none" | "gzip" | "snappy" | "lz4";
  /** The number of the first record among all that the producer has sent there. */
  readonly sequence: number;
  readonly records: readonly RecordToProduce[];
}

/** The offsets that a time stands for in requests. */
export const LATEST = -1n;
/** The first offset that there is. */
export const EARLIEST = -2n;

export const ISOLATION = { uncommitted: 0, committed: 1 } as const;

/** Which records may be read: those of open and aborted transactions too, or not. */
export type Isolation = keyof typeof ISOLATION;
