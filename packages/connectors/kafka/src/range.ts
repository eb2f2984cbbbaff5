/** Where a partition of a topic stands: what was read of it is before this offset. */
export interface KafkaPosition {
  /** The topic's name. */
  readonly topic: string;
  /** The topic's id: another one for a topic that was deleted and made again. */
  readonly id: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** The offset that is read next. */
  readonly next: number;
}

/** What one task reads of a partition of a topic: the records from one offset up to, and without, another. */
export interface KafkaRange {
  /** The topic's name. */
  readonly topic: string;
  /** The topic's id. */
  readonly id: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** The first offset. */
  readonly from: number;
  /** The offset after the last one. Offsets between them may have no record: it was compacted away, or marks a transaction. */
  readonly until: number;
  /** In the first range of a batch: the partitions of which the batch reads nothing. A later start of the job goes on from these too. */
  readonly others?: readonly KafkaPosition[];
}

/** The offsets of a partition of a topic, as `offsetRanges` has them and `kafkaRDD` reads them. */
export interface OffsetRange extends Pick<KafkaRange, "topic" | "partition" | "from" | "until"> {
  /** The topic's id. With it, reading fails if the topic was deleted and made again meanwhile. */
  readonly id?: string;
}

/** The positions after a batch, from its ranges. */
export function positionsAfter(ranges: readonly KafkaRange[]): readonly KafkaPosition[] {
  const positions = new Map<string, KafkaPosition>();
  for (const { topic, id, partition, until: next, others = [] } of ranges) {
    for (const one of [...others, { topic, id, partition, next }]) {
      const key = `${one.topic}[${one.partition}]`;
      const known = positions.get(key);
      if (known === undefined || known.next < one.next) positions.set(key, one);
    }
  }
  return [...positions.values()];
}
