/**
 * Kafka for Millrace jobs. Start with {@link kafkaStream}, {@link kafkaRDD} and {@link saveToKafka}.
 *
 * @module @millrace/kafka
 */
export type { KafkaConnection, KafkaSasl, KafkaTls, Secret } from "./connection.ts";
export { KafkaError, type KafkaErrorCode } from "./errors.ts";
export type { MalformedRecords } from "./malformed.ts";
export type { KafkaMessage } from "./message.ts";
export type { KafkaFormat, KafkaSourceOptions, KafkaStreamOptions, StartingOffsets } from "./options.ts";
export type { KafkaPosition, KafkaRange, OffsetRange } from "./range.ts";
export { type KafkaRddOptions, kafkaRDD, offsetRanges } from "./rdd.ts";
export type { Deserialiser, KafkaRecord } from "./record.ts";
export { type KafkaSinkOptions, saveToKafka } from "./sink.ts";
export { kafkaStream } from "./stream.ts";
