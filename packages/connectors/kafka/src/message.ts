import { KafkaError } from "./errors.ts";

/** A record to write. */
export interface KafkaMessage {
  /** Where it is written, if not to the topic of the sink. */
  readonly topic?: string;
  /** Records of equal keys are written to the same partition, as the Java client has it. None by default. */
  readonly key?: string | Uint8Array | null;
  /** Text is written as UTF-8; `null` deletes the key from a compacted topic. */
  readonly value: string | Uint8Array | null;
  /** Headers by name. */
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  /** The partition, if it is not for the key to say. */
  readonly partition?: number;
  /** In epoch ms; now by default. */
  readonly timestamp?: number;
}

/** A record as the client takes it, with its partition. */
export interface RecordToProduce {
  readonly topic: string;
  readonly partition: number;
  readonly key?: Buffer;
  readonly value: Buffer;
  readonly headers?: Map<Buffer, Buffer>;
  readonly timestamp?: bigint;
  /** Of the record, about. */
  readonly bytes: number;
}

/** Bytes of a record besides its key, value and headers. */
const OVERHEAD = 24;

/** @throws KAFKA_RECORD_MALFORMED It is no message. */
export function recordOf(
  message: KafkaMessage,
  place: { readonly topic: string; readonly partition: number },
): RecordToProduce {
  const { key, value, headers, timestamp } = message;
  if (typeof message !== "object" || value === undefined) {
    throw new KafkaError(
      "KAFKA_RECORD_MALFORMED",
      `a record for ${place.topic} has no value. Give { key, value }, with texts or bytes: map the stream to that before it is saved.`,
    );
  }
  const keyBytes = key === undefined || key === null ? undefined : bytesOf(key);
  const valueBytes = value === null ? undefined : bytesOf(value);
  const named =
    headers === undefined
      ? undefined
      : new Map(Object.entries(headers).map(([name, one]) => [Buffer.from(name), bytesOf(one)]));
  const headerBytes = [...(named ?? [])].reduce((sum, [name, one]) => sum + name.length + one.length, 0);
  return {
    ...place,
    ...(keyBytes === undefined ? {} : { key: keyBytes }),
    // The client writes no value where there is none, and has no type for that.
    value: valueBytes as Buffer,
    ...(named === undefined ? {} : { headers: named }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(Math.trunc(timestamp)) }),
    bytes: OVERHEAD + (keyBytes?.length ?? 0) + (valueBytes?.length ?? 0) + headerBytes,
  };
}

/** The bytes of a key, as they are written and as they choose a partition. */
export function bytesOf(given: string | Uint8Array): Buffer {
  if (typeof given === "string") return Buffer.from(given, "utf8");
  if (given instanceof Uint8Array) return Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  throw new KafkaError(
    "KAFKA_RECORD_MALFORMED",
    `${typeof given} is neither text nor bytes. Turn it into one: JSON.stringify, for example.`,
  );
}
