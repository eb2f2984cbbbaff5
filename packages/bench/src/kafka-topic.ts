import { randomUUID } from "node:crypto";
import { Admin, Producer } from "@platformatic/kafka";

const AT_ONCE = 1_000;

/** A new topic. @returns Its name. */
export async function makeTopic(
  brokers: string,
  {
    partitions = 1,
    configs = {},
  }: { readonly partitions?: number; readonly configs?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const admin = new Admin({ clientId: "bench", bootstrapBrokers: [brokers] });
  const topic = `bench-${randomUUID()}`;
  const settings = Object.entries(configs).map(([name, value]) => ({ name, value }));
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: settings });
  } finally {
    await admin.close();
  }
  return topic;
}

/** Fills the first partition with records of so many bytes. */
export async function fillTopic(
  brokers: string,
  { topic, records, bytes }: { readonly topic: string; readonly records: number; readonly bytes: number },
): Promise<void> {
  const producer = new Producer({ clientId: "bench", bootstrapBrokers: [brokers] });
  const value = Buffer.alloc(bytes, "x");
  try {
    for (let left = records; left > 0; left -= AT_ONCE) {
      const messages = Array.from({ length: Math.min(left, AT_ONCE) }, () => ({ topic, partition: 0, value }));
      await producer.send({ messages, acks: 1 });
    }
  } finally {
    await producer.close();
  }
}
