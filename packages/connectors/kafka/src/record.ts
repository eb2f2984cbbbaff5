/** A record of a topic. */
export interface KafkaRecord<K = Uint8Array | null, V = Uint8Array | null> {
  /** The topic's name. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** Its offset in the partition. */
  readonly offset: number;
  /** In epoch ms: set by the producer, or by the broker if the topic is set so. */
  readonly timestamp: number;
  /** The key; `null` if it has none. */
  readonly key: K;
  /** The value; `null` marks a key as deleted in a compacted topic. */
  readonly value: V;
  /** In the order of the record. A name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

/** Makes a key or a value of its bytes. Runs on executors. */
export type Deserialiser<T> = (bytes: Uint8Array | null) => T;
