import { type DStream, type ExternalSource, externalStream, type StreamingContext } from "millrace";
import { tellOfNode } from "./node-notice.ts";
import { checkOptions, type KafkaStreamOptions, nameOf } from "./options.ts";
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
  return externalStream(ssc, kafkaSource(options));
}

/** The source behind {@link kafkaStream}. @throws KAFKA_OPTIONS */
export function kafkaSource<K = Uint8Array | null, V = Uint8Array | null>(
  options: KafkaStreamOptions<K, V>,
): ExternalSource<KafkaRange, KafkaRecord<K, V>, KafkaReadOptions<K, V>> {
  const checked = checkOptions(options);
  const driver = new DriverSource(checked);
  return {
    label: `kafka ${nameOf(checked.subscription)}`,
    ...reading(checked, options),
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
