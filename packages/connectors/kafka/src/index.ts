/**
 * Kafka for Millrace jobs. Start with {@link kafkaStream} and {@link saveToKafka}.
 *
 * @module @millrace/kafka
 */
export type { KafkaConnection, KafkaSasl, KafkaTls, Secret } from "./connection.ts";
export { KafkaError, type KafkaErrorCode } from "./errors.ts";
export type { KafkaMessage } from "./message.ts";
export type { KafkaFormat, KafkaSourceOptions, KafkaStreamOptions, StartingOffsets } from "./options.ts";
export type { KafkaPosition, KafkaRange } from "./range.ts";
export type { Deserialiser, KafkaRecord } from "./record.ts";
export { type KafkaSinkOptions, saveToKafka } from "./sink.ts";
export { kafkaStream } from "./stream.ts";
