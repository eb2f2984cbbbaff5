import { execFile, execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  Admin,
  kGetBootstrapConnection,
  listTransactionsV0,
  type MessageToProduce,
  Producer,
  type ProducerOptions,
} from "@platformatic/kafka";
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    /** The directory of the broker that all tests share. */
    readonly kafka: string;
  }
}

const script = fileURLToPath(new URL("../../../../scripts/servers/kafka.sh", import.meta.url));
const reader = fileURLToPath(new URL("../../../../scripts/servers/kafka/ReadCommitted.java", import.meta.url));

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;
type Bytes = Producer<Buffer, Buffer, Buffer, Buffer>;

/** A real broker, and what a test does there as somebody else. */
export class TestBroker {
  readonly directory: string;
  readonly brokers: string;
  readonly saslBrokers: string;
  readonly sslBrokers: string;
  readonly admin: Admin;
  readonly #producers: Bytes[] = [];

  /** The one that all tests share: topics of a test have names of their own. */
  static shared(): TestBroker {
    return new TestBroker(inject("kafka"));
  }

  /** One of its own, for a test that ends it. */
  static start(): TestBroker {
    return new TestBroker(mkdtempSync(join(tmpdir(), "millrace-kafka-")));
  }

  private constructor(directory: string) {
    this.directory = directory;
    const told = execFileSync(script, ["start", directory], { encoding: "utf8" });
    const endpoint = (name: string): string => new RegExp(`^${name}=(.+)$`, "m").exec(told)?.[1] ?? "";
    this.brokers = endpoint("KAFKA_BROKERS");
    this.saslBrokers = endpoint("KAFKA_SASL_BROKERS");
    this.sslBrokers = endpoint("KAFKA_SSL_BROKERS");
    this.admin = new Admin({ clientId: "test", bootstrapBrokers: [this.brokers], retries: 20, retryDelay: 200 });
  }

  /** Ends it as a crash would. */
  kill(): void {
    execFileSync(script, ["kill", this.directory]);
  }

  /** Starts it again, with what it had, at the same address. Resolves when it answers. */
  async restart(): Promise<void> {
    await promisify(execFile)(script, ["start", this.directory]);
  }

  /** Ends and removes one that was started for a test. */
  async remove(): Promise<void> {
    await this.close();
    execFileSync(script, ["stop", this.directory]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Closes the connections to it. */
  async close(): Promise<void> {
    await Promise.all([this.admin.close(), ...this.#producers.map((producer) => producer.close())]);
  }

  /** A new topic, under a name that no other test has unless it is given. */
  async topic(
    partitions: number,
    {
      name = `t-${randomUUID()}`,
      configs = {},
    }: { readonly name?: string; readonly configs?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    const settings = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await this.admin.createTopics({ topics: [name], partitions, replicas: 1, configs: settings });
    return name;
  }

  producer(options: Partial<ProducerOptions<Buffer, Buffer, Buffer, Buffer>> = {}): Bytes {
    const producer = new Producer({
      clientId: "test",
      bootstrapBrokers: [this.brokers],
      retries: 20,
      retryDelay: 200,
      ...options,
    });
    this.#producers.push(producer);
    return producer;
  }

  /** Sends texts to a partition, in one batch. */
  async send(topic: string, partition: number, texts: readonly string[], more: Partial<Message> = {}): Promise<void> {
    const [producer = this.producer()] = this.#producers;
    await producer.send({
      acks: -1,
      messages: texts.map((text) => ({ ...more, topic, partition, value: Buffer.from(text) })),
    });
  }

  /** The ids of transactions in a state that begin so. */
  transactions(state: "Ongoing" | "PrepareCommit" | "PrepareAbort", begin: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.admin[kGetBootstrapConnection]((error, connection) => {
        if (error !== null || connection === undefined) return reject(error ?? new Error("no connection"));
        listTransactionsV0.api(connection, [state as never], [], -1n, null, (failed, answer) => {
          if (failed !== null || answer === undefined) return reject(failed ?? new Error("no answer"));
          const ids = answer.transactionStates.map(({ transactionalId }) => transactionalId);
          resolve(ids.filter((id) => id.startsWith(begin)));
        });
      });
    });
  }

  /** The committed values of a topic, as Kafka's own client reads them. */
  async readByJava(topic: string): Promise<readonly string[]> {
    const [pid] = readFileSync(this.file("kafka.pid"), "utf8").split(" ");
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"); // has the jars after -cp
    const jars = command[command.indexOf("-cp") + 1] ?? "";
    const args = ["-XX:TieredStopAtLevel=1", "-cp", jars, reader, this.brokers, topic];
    const { stdout } = await promisify(execFile)("java", args, { maxBuffer: 64 * 1024 * 1024 });
    return stdout.split("\n").filter(Boolean);
  }

  /** A file that its script made: `ca.pem`, `client.key`. */
  file(name: string): string {
    return join(this.directory, name);
  }

  /** What the broker has logged. */
  get log(): string {
    return readFileSync(this.file("kafka.log"), "utf8");
  }
}
