import {
  type DStream,
  type OutputOperation,
  type Sink,
  type SinkBatch,
  type SinkStart,
  type SinkTask,
  saveExternal,
  shipPackage,
} from "millrace";
import type { Client } from "./client.ts";
import { connectionOf, type KafkaConnection } from "./connection.ts";
import { KafkaError } from "./errors.ts";
import type { KafkaMessage } from "./message.ts";
import { tellOfNode } from "./node-notice.ts";
import { retried } from "./retried.ts";
import { sharedClient } from "./shared-clients.ts";
import { probeTopics } from "./subscription.ts";
import { KafkaWriter, type PreparedTransaction } from "./writer.ts";

/** Where records go, and how. */
export interface KafkaSinkOptions extends KafkaConnection {
  /** The topic of records that name none. */
  readonly topic: string;
  /**
   * `"exactly-once"` by default: records are written in transactions that are committed with their batch, and readers that read
   * committed records see each once. `"at-least-once"`: without transactions, visible at once; a batch that runs again
   * writes again.
   */
  readonly delivery?: "exactly-once" | "at-least-once";
  /** None by default. */
  readonly compression?: "none" | "gzip" | "snappy" | "lz4";
  /**
   * The first part of transactional ids, `"millrace"` by default: the job's name and id and the output's name follow. For clusters
   * that permit ids by what they begin with.
   */
  readonly transactionalId?: string;
  /**
   * A transaction that is open for longer, in ms, is aborted by the brokers: a job that dies between preparing a batch and
   * committing it must be started again within that time. 15 minutes by default, the most that brokers allow unless they are set so.
   */
  readonly transactionTimeout?: number;
}

/** What tasks need to write. */
interface WriteOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly compression: "none" | "gzip" | "snappy" | "lz4";
  /** The first part of transactional ids; `undefined`: without transactions. */
  readonly prefix: string | undefined;
  readonly transactionTimeoutMs: number;
}

const TRANSACTION_TIMEOUT_MS = 15 * 60 * 1000;
/** For how long the driver asks for the end of a transaction before the commit of the batch is tried again as a whole. */
const PATIENCE_MS = 30_000;

/** One transactional id for each partition, attempt and start: none of them is of two tasks that may run at the same time. */
function openKafkaWriter(task: SinkTask, { connection, prefix, ...options }: WriteOptions): KafkaWriter {
  const { partition, attempt, epoch } = task;
  const id = prefix === undefined ? undefined : `${idsOf(prefix, outputOf(task))}${partition}-${attempt}-${epoch}`;
  return new KafkaWriter(sharedClient(connection), { ...options, id, partition });
}

shipPackage("@millrace/kafka", { openKafkaWriter });

/**
 * Writes a stream to a topic. Map it to `{ key, value }` before.
 *
 * @throws KAFKA_OPTIONS
 */
export function saveToKafka(stream: DStream<KafkaMessage>, options: KafkaSinkOptions): OutputOperation {
  tellOfNode();
  return saveExternal(stream, kafkaSink(options));
}

/** The sink behind {@link saveToKafka}. @throws KAFKA_OPTIONS */
export function kafkaSink(options: KafkaSinkOptions): Sink<KafkaMessage, PreparedTransaction | null, WriteOptions> {
  const written = checkSink(options);
  const { prefix, connection, topic } = written;
  const probe = () => probeTopics(connection, { kind: "topics", names: [topic] }, "write");
  const base = { label: `kafka ${topic}`, options: written, open: openKafkaWriter, probe };
  if (prefix === undefined) return base;
  const driver = new Transactions(connection, prefix);
  return {
    ...base,
    recover: (start) => driver.recover(start),
    commit: (batch, prepared) => driver.end(batch, prepared, "commit"),
    abort: (batch, prepared) => driver.end(batch, prepared, "abort"),
  };
}

/** The driver's half: ends the transactions that tasks have left open. */
class Transactions {
  readonly #connection: KafkaConnection;
  readonly #prefix: string;

  constructor(connection: KafkaConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  /** Aborts what earlier starts have left, but for what is to be committed. */
  async recover({ id, pending }: SinkStart<PreparedTransaction | null>): Promise<void> {
    await this.#abortOthers(id, pending?.prepared ?? []);
  }

  /** Ends those of a batch that count, and aborts all others of the output: no other batch of it is under way. */
  async end(
    batch: SinkBatch,
    prepared: readonly (PreparedTransaction | null)[],
    how: "commit" | "abort",
  ): Promise<void> {
    const client = this.#client();
    const counting = prepared.filter((one) => one !== null);
    await Promise.all(
      counting.map(({ id, producerId, epoch }) =>
        this.#retried(() => client.endTransaction({ id, producerId: BigInt(producerId), epoch }, how)),
      ),
    );
    await this.#abortOthers(outputOf(batch), counting);
  }

  async #abortOthers(output: string, kept: readonly (PreparedTransaction | null)[]): Promise<void> {
    const client = this.#client();
    const begin = idsOf(this.#prefix, output);
    const keep = new Set(kept.map((one) => one?.id));
    const open = await this.#retried(() => client.openTransactions());
    const orphans = open.filter(
      (id) => id.startsWith(begin) && /^\d+-\d+-\d+$/.test(id.slice(begin.length)) && !keep.has(id),
    );
    // A producer that begins under an id ends whatever was open there, and shuts out whoever had it.
    await Promise.all(orphans.map((id) => this.#retried(() => client.producer(id, TRANSACTION_TIMEOUT_MS))));
  }

  #retried<T>(act: () => Promise<T>): Promise<T> {
    return retried({ cluster: this.#client().cluster, patienceMs: PATIENCE_MS }, act);
  }

  #client(): Client {
    return sharedClient(this.#connection);
  }
}

/** `JOB.ID/OUTPUT`, of the id of a batch. */
function outputOf({ id }: SinkBatch): string {
  return id.slice(0, id.lastIndexOf("/"));
}

/** What all transactional ids of an output begin with. */
function idsOf(prefix: string, output: string): string {
  return `${prefix}/${output}/`;
}

/** @throws KAFKA_OPTIONS */
function checkSink(options: KafkaSinkOptions): WriteOptions {
  const { topic, delivery = "exactly-once", compression = "none", transactionalId = "millrace" } = options;
  const { transactionTimeout = TRANSACTION_TIMEOUT_MS } = options;
  const connection = connectionOf(options);
  if (typeof topic !== "string" || !/^[\w.-]{1,249}$/.test(topic))
    throw new KafkaError("KAFKA_OPTIONS", `topic is ${JSON.stringify(topic)}. Give the name of one.`);
  if (delivery !== "exactly-once" && delivery !== "at-least-once")
    throw new KafkaError(
      "KAFKA_OPTIONS",
      `delivery is ${JSON.stringify(delivery)}. Give "exactly-once" or "at-least-once".`,
    );
  if (!["none", "gzip", "snappy", "lz4"].includes(compression))
    throw new KafkaError(
      "KAFKA_OPTIONS",
      `compression is ${JSON.stringify(compression)}. Give "none", "gzip", "snappy" or "lz4".`,
    );
  if (typeof transactionalId !== "string" || transactionalId === "")
    throw new KafkaError("KAFKA_OPTIONS", "transactionalId is no text. Give one, or none.");
  if (!Number.isSafeInteger(transactionTimeout) || transactionTimeout < 1_000)
    throw new KafkaError("KAFKA_OPTIONS", `transactionTimeout is ${transactionTimeout}. Give at least 1000, in ms.`);
  const prefix = delivery === "exactly-once" ? transactionalId : undefined;
  return { connection, topic, compression, prefix, transactionTimeoutMs: transactionTimeout };
}
