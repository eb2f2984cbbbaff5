import {
  Admin,
  Consumer,
  type MessageToProduce,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";

/** Topics of a broker as other programs than the job see them. */
export class KafkaTopics {
  readonly #options: { readonly clientId: string; readonly bootstrapBrokers: string[] };
  readonly #producer: Producer<string, string, string, string>;

  constructor(brokers: string) {
    this.#options = { clientId: "demonstration", bootstrapBrokers: [brokers] };
    this.#producer = new Producer({ ...this.#options, serializers: stringSerializers });
  }

  /** Makes topics of two partitions. */
  async create(...topics: readonly string[]): Promise<void> {
    const admin = new Admin(this.#options);
    try {
      await admin.createTopics({ topics: [...topics], partitions: 2, replicas: 1 });
    } finally {
      await admin.close();
    }
  }

  /** Sends records. Resolves when the broker has them. */
  async send(messages: readonly MessageToProduce<string, string, string, string>[]): Promise<void> {
    await this.#producer.send({ messages: [...messages], acks: -1 });
  }

  /** The committed records of a topic from its beginning, for as long as the loop goes on and the signal lets it. */
  async *follow(topic: string, signal: AbortSignal): AsyncGenerator<string> {
    const consumer = new Consumer({
      ...this.#options,
      groupId: `demonstration-${topic}`,
      deserializers: stringDeserializers,
    });
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: false, isolationLevel: 1 });
    const stop = (): void => void stream.destroy();
    signal.addEventListener("abort", stop);
    try {
      if (signal.aborted) return;
      for await (const { value } of stream) yield value;
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      await consumer.close(true);
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
  }
}
