/**
 * Kafka for Millrace jobs. Start with {@link kafkaStream}.
 *
 * @module @millrace/kafka
 */
export type { KafkaConnection, KafkaSasl, KafkaTls, Secret } from "./connection.ts";
export { KafkaError, type KafkaErrorCode } from "./errors.ts";
export type { KafkaFormat, KafkaSourceOptions, KafkaStreamOptions, StartingOffsets } from "./options.ts";
export type { KafkaPosition, KafkaRange } from "./range.ts";
export type { Deserialiser, KafkaRecord } from "./record.ts";
export { kafkaStream } from "./stream.ts";
