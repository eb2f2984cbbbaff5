import { type DStream, type ExternalSource, externalStream, type StreamingContext } from "millrace";
import { type MalformedAccumulator, MalformedLog, malformedCounts } from "./malformed.ts";
import { tellOfNode } from "./node-notice.ts";
import { checkMalformed, checkOptions, isRead, type KafkaStreamOptions, nameOf } from "./options.ts";
import type { KafkaRange } from "./range.ts";
import { type KafkaReadOptions, reading } from "./read.ts";
import type { KafkaRecord } from "./record.ts";
import { DriverSource } from "./source.ts";
import { probeTopics } from "./subscription.ts";

/**
 * A stream of the records of topics. Each batch reads what is new, by exact offsets: the same ones again if a task is
 * retried, or if the job goes on from its checkpoint directory after a kill.
 *
 * @throws KAFKA_OPTIONS
 */
export function kafkaStream<K = Uint8Array | null, V = Uint8Array | null>(
  ssc: StreamingContext,
  options: KafkaStreamOptions<K, V>,
): DStream<KafkaRecord<K, V>> {
  tellOfNode();
  const counts = options.malformed && ssc.accumulator(malformedCounts, "malformed records of Kafka");
  return externalStream(ssc, kafkaSource(options, counts));
}

/**
 * The source behind {@link kafkaStream}.
 *
 * @param counts Of malformed records, if the options say where these go.
 * @throws KAFKA_OPTIONS
 */
export function kafkaSource<K = Uint8Array | null, V = Uint8Array | null>(
  options: KafkaStreamOptions<K, V>,
  counts?: MalformedAccumulator,
): ExternalSource<KafkaRange, KafkaRecord<K, V>, KafkaReadOptions<K, V>> {
  const checked = checkOptions(options);
  const { malformed } = options;
  checkMalformed(malformed, (topic) => isRead(checked.subscription, topic));
  const driver = new DriverSource(checked, {
    deadLetters: typeof malformed === "object" ? malformed.topic : undefined,
    malformed: malformed && counts && new MalformedLog(counts, malformed),
  });
  return {
    label: `kafka ${nameOf(checked.subscription)}`,
    ...reading(checked, options, counts),
    start: (last, host) => driver.start(last, host),
    limit: () => driver.limit(),
    hasMore: () => driver.hasMore(),
    fix: (time, most) => driver.fix(time, most),
    committed: (ranges) => driver.committed(ranges),
    sizeOf: ({ from, until }) => until - from,
    probe: () => probeTopics(checked.connection, checked.subscription, "read"),
    stop: () => driver.stop(),
  };
}
