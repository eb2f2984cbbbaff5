import { externalRanges, externalRDD, type RDD, type StreamingContext } from "millrace";
import { connectionOf, type KafkaConnection } from "./connection.ts";
import { KafkaError } from "./errors.ts";
import { tellOfNode } from "./node-notice.ts";
import { split } from "./offsets.ts";
import {
  checkMalformed,
  checkReading,
  count,
  type KafkaFormat,
  type KafkaSourceOptions,
  topicName,
} from "./options.ts";
import type { OffsetRange } from "./range.ts";
import { reading } from "./read.ts";
import type { KafkaRecord } from "./record.ts";

/** Which records an RDD has. */
export interface KafkaRddOptions<K = Uint8Array | null, V = Uint8Array | null>
  extends KafkaConnection,
    KafkaFormat<K, V>,
    Pick<KafkaSourceOptions, "isolation" | "whenLost" | "maxRecordsPerTask" | "minPartitions"> {
  /** The offsets, a partition of the RDD for each unless it is split. They must be there: nothing is waited for. */
  readonly ranges: readonly OffsetRange[];
}

/**
 * An RDD of the records of ranges of offsets: to read something again, or a table in a topic beside a stream. Call it in `build`,
 * or in `transform` and `foreachRDD`.
 *
 * @throws KAFKA_OPTIONS
 */
export function kafkaRDD<K = Uint8Array | null, V = Uint8Array | null>(
  ssc: StreamingContext,
  options: KafkaRddOptions<K, V>,
): RDD<KafkaRecord<K, V>> {
  tellOfNode();
  const { isolation = "committed", whenLost = "stop", maxRecordsPerTask, minPartitions = 1 } = options;
  const connection = connectionOf(options);
  checkReading({ isolation, whenLost });
  const ranges = split(checkRanges(options.ranges), {
    recordsOfRange: count("maxRecordsPerTask", maxRecordsPerTask),
    ranges: count("minPartitions", minPartitions),
  });
  checkMalformed(options.malformed, (topic) => ranges.some((range) => range.topic === topic));
  const label = `kafka ${[...new Set(ranges.map(({ topic }) => topic))].join(",")}`;
  return externalRDD(ssc, { label, ...reading({ connection, isolation, whenLost }, options) }, ranges);
}

/**
 * The offsets that an RDD is computed from, of all topics and batches that it reads: to store them together with results, or to log
 * them. Those of the RDD of a stream of {@link kafkaStream}, and of one with the same partitions, are in the order of its partitions.
 */
export function offsetRanges(rdd: RDD<unknown>): readonly OffsetRange[] {
  return externalRanges<OffsetRange>(rdd, "kafka").map(({ topic, id, partition, from, until }) => ({
    ...{ topic, partition, from, until },
    ...(id === undefined ? {} : { id }),
  }));
}

/** @throws KAFKA_OPTIONS */
function checkRanges(given: readonly OffsetRange[]): readonly OffsetRange[] {
  if (!Array.isArray(given))
    throw new KafkaError("KAFKA_OPTIONS", "ranges is no array. Give { topic, partition, from, until } for each.");
  return given.map((range: OffsetRange) => {
    const { topic, id, partition, from, until } = range;
    const numbers = [partition, from, until];
    if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0) || until < from)
      throw new KafkaError(
        "KAFKA_OPTIONS",
        `${JSON.stringify(range)} is no range. Give { topic, partition, from, until }, with offsets from which it goes up to, and without, until.`,
      );
    return { topic: topicName(topic), ...(id === undefined ? {} : { id }), partition, from, until };
  });
}
