import { Client } from "./client.ts";
import { MAY, type Topic, type TopicPartition } from "./cluster.ts";
import type { KafkaConnection } from "./connection.ts";
import { explained, KafkaError } from "./errors.ts";
import type { Subscription } from "./options.ts";
import type { KafkaPosition } from "./range.ts";

/**
 * Asks once for topics that are to be read or written, and closes the connection.
 *
 * @throws KAFKA_UNREACHABLE, KAFKA_CREDENTIALS, KAFKA_TLS, KAFKA_TOPIC_MISSING, KAFKA_NOT_PERMITTED, KAFKA_FAILED
 */
export async function probeTopics(
  connection: KafkaConnection,
  subscription: Subscription,
  use: keyof typeof MAY,
): Promise<void> {
  const client = new Client(connection);
  try {
    const names = namesOf(subscription);
    const topics = await client.metadata(names, true);
    const missing = names?.find((name) => !topics.has(name));
    if (missing !== undefined) throw topicMissing(missing);
    for (const { topic } of partitionsOf(subscription, topics)) {
      if (((topics.get(topic)?.rights ?? 0) & MAY[use]) !== 0) continue;
      throw new KafkaError(
        "KAFKA_NOT_PERMITTED",
        `topic ${topic}: this user is not allowed to ${use} it. Ask for the rights that the guide lists.`,
      );
    }
  } catch (error) {
    throw explained(error, "asking for topics");
  } finally {
    await client.close();
  }
}

/** The names to ask for; `undefined`: all. */
export function namesOf(subscription: Subscription): readonly string[] | undefined {
  switch (subscription.kind) {
    case "topics":
      return subscription.names;
    case "assign":
      return [...subscription.partitions.keys()];
    case "pattern":
      return undefined;
    default:
      return subscription satisfies never;
  }
}

/** @throws KAFKA_TOPIC_MISSING A partition was assigned that the topic does not have. */
export function partitionsOf(
  subscription: Subscription,
  topics: ReadonlyMap<string, Topic>,
): readonly (TopicPartition & Pick<KafkaPosition, "id">)[] {
  const read = [...topics].filter(([name]) => subscription.kind !== "pattern" || subscription.pattern.test(name));
  return read.flatMap(([topic, { id, leaders }]) => {
    const wanted = subscription.kind === "assign" ? subscription.partitions.get(topic) : undefined;
    for (const partition of wanted ?? []) {
      if (partition < leaders.length) continue;
      throw new KafkaError(
        "KAFKA_TOPIC_MISSING",
        `topic ${topic} has ${leaders.length} partitions, and none with number ${partition}.`,
      );
    }
    return [...leaders.keys()].filter((n) => wanted?.has(n) ?? true).map((partition) => ({ topic, partition, id }));
  });
}

export function topicMissing(topic: string): KafkaError {
  return new KafkaError(
    "KAFKA_TOPIC_MISSING",
    `there is no topic ${topic}, or no right to see it. Create it, or check its name.`,
  );
}
