import { compatibilityPartitioner } from "@platformatic/kafka";
import type { SinkWriter } from "millrace";
import type { Client } from "./client.ts";
import type { Producer } from "./cluster.ts";
import { KafkaError } from "./errors.ts";
import { bytesOf, type KafkaMessage, type RecordToProduce, recordOf } from "./message.ts";
import { retried } from "./retried.ts";

/** A transaction that a task has prepared: whoever knows this can commit it. Plain data. */
export interface PreparedTransaction {
  /** The transactional id. */
  readonly id: string;
  /** Of the producer; a text, since it is a number of 64 bits. */
  readonly producerId: string;
  /** Of the producer: a later one of the same id ends its transaction. */
  readonly epoch: number;
}

export interface WriterOptions {
  readonly topic: string;
  readonly compression: "none" | "gzip" | "snappy" | "lz4";
  /** The transactional id; `undefined`: without transactions, idempotent all the same. */
  readonly id: string | undefined;
  readonly transactionTimeoutMs: number;
  /** The partition of the task: where records without a key begin. */
  readonly partition: number;
}

/** Records of a partition are sent when so many bytes of them are there. Brokers take a megabyte by default. */
const SEND_BYTES = 512 * 1024;
/** For how long a task asks before it fails, and is retried as a whole. */
const PATIENCE_MS = 60_000;

/**
 * Writes the records of one attempt, as one producer: in one transaction that it leaves open, if it has an id for one. For each
 * partition one request is under way at a time, while the next one fills.
 */
export class KafkaWriter implements SinkWriter<KafkaMessage, PreparedTransaction | null> {
  readonly #client: Client;
  readonly #options: WriterOptions;
  #beginning: Promise<Producer> | undefined;
  readonly #partitions = new Map<string, PartitionWriter>();
  /** Partitions of the transaction. */
  readonly #joined = new Set<string>();
  /** Moves records without a key on to the next partition with each group. */
  #turn: number;

  constructor(client: Client, options: WriterOptions) {
    this.#client = client;
    this.#options = options;
    this.#turn = options.partition;
  }

  async write(messages: readonly KafkaMessage[]): Promise<void> {
    this.#turn += 1;
    for (const message of messages) {
      const topic = message.topic ?? this.#options.topic;
      const count = this.#client.topics.get(topic)?.leaders.length ?? (await this.#learn(topic));
      const record = recordOf(message, { topic, partition: this.#partitionOf(message, topic, count) });
      const writer = this.#writerOf(record);
      writer.add(record);
      if (writer.bytes >= SEND_BYTES) await this.#send(writer);
    }
  }

  async prepare(): Promise<PreparedTransaction | null> {
    await Promise.all([...this.#partitions.values()].map((writer) => this.#send(writer)));
    await Promise.all([...this.#partitions.values()].map((writer) => writer.sent));
    const { id } = this.#options;
    const producer = await this.#beginning;
    if (id === undefined || producer === undefined) return null; // a transaction that nothing was written in
    return { id, producerId: String(producer.producerId), epoch: producer.epoch };
  }

  async abort(): Promise<void> {
    const { id } = this.#options;
    await Promise.allSettled([...this.#partitions.values()].map((writer) => writer.sent));
    const producer = await this.#beginning;
    if (id !== undefined && producer !== undefined && this.#joined.size > 0)
      await this.#client.endTransaction({ id, ...producer }, "abort");
  }

  /** Sends what waits, when what was sent before has arrived. */
  async #send(writer: PartitionWriter): Promise<void> {
    await writer.sent;
    const group = writer.take();
    if (group === undefined) return;
    const producer = await this.#begun();
    const { topic, partition } = writer;
    const { id, compression } = this.#options;
    if (id !== undefined && !this.#joined.has(`${topic}[${partition}]`)) {
      await this.#retried(() => this.#client.join({ id, ...producer }, { topic, partition }));
      this.#joined.add(`${topic}[${partition}]`);
    }
    const act = (): Promise<void> =>
      this.#client.produce({
        topic,
        partition,
        id,
        producer,
        compression,
        sequence: group.sequence,
        records: group.records,
      });
    writer.sent = this.#retried(act, async () => void (await this.#learn(topic)));
    writer.sent.catch(() => undefined); // it is awaited before anything else is sent there
  }

  /** This producer, which begins with its first record. Groups of other partitions may wait for the same beginning. */
  #begun(): Promise<Producer> {
    const { id, transactionTimeoutMs } = this.#options;
    this.#beginning ??= this.#retried(() => this.#client.producer(id, transactionTimeoutMs));
    return this.#beginning;
  }

  #writerOf({ topic, partition }: RecordToProduce): PartitionWriter {
    const key = `${topic}[${partition}]`;
    const writer = this.#partitions.get(key) ?? new PartitionWriter(topic, partition);
    this.#partitions.set(key, writer);
    return writer;
  }

  #partitionOf({ partition, key }: KafkaMessage, topic: string, count: number): number {
    if (partition !== undefined) {
      if (Number.isInteger(partition) && partition >= 0 && partition < count) return partition;
      throw new KafkaError(
        "KAFKA_TOPIC_MISSING",
        `a record is for partition ${partition} of ${topic}, which has ${count}.`,
      );
    }
    if (key === undefined || key === null) return this.#turn % count;
    return compatibilityPartitioner(NO_MESSAGE, bytesOf(key)) % count;
  }

  #retried<T>(act: () => Promise<T>, before?: () => Promise<void>): Promise<T> {
    return retried({ cluster: this.#client.cluster, patienceMs: PATIENCE_MS }, act, before);
  }

  /** Asks for a topic. @returns The number of its partitions. */
  async #learn(topic: string): Promise<number> {
    const names = [...new Set([...this.#client.topics.keys(), topic])];
    const found = await this.#retried(() => this.#client.metadata(names));
    const count = found.get(topic)?.leaders.length;
    if (count === undefined)
      throw new KafkaError(
        "KAFKA_TOPIC_MISSING",
        `there is no topic ${topic}, or no right to see it. Create it, or check its name.`,
      );
    return count;
  }
}

/** The partitioner looks at the key alone. */
const NO_MESSAGE = { topic: "", value: Buffer.alloc(0) };

/** Records of one partition: those that wait, and the request that is under way. */
class PartitionWriter {
  readonly topic: string;
  readonly partition: number;
  bytes = 0;
  sent: Promise<void> = Promise.resolve();
  #records: RecordToProduce[] = [];
  #sequence = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  add(record: RecordToProduce): void {
    this.#records.push(record);
    this.bytes += record.bytes;
  }

  /** Everything that waits. A broker drops a group that comes again with the same sequence number. */
  take(): { readonly records: readonly RecordToProduce[]; readonly sequence: number } | undefined {
    if (this.#records.length === 0) return undefined;
    const group = { records: this.#records, sequence: this.#sequence };
    this.#sequence += group.records.length;
    this.#records = [];
    this.bytes = 0;
    return group;
  }
}
