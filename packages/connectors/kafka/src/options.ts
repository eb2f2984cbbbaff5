import { connectionOf, type KafkaConnection } from "./connection.ts";
import { KafkaError } from "./errors.ts";
import type { MalformedRecords } from "./malformed.ts";
import type { BatchLimits, WhenLost } from "./offsets.ts";
import type { Deserialiser } from "./record.ts";

/** Where a partition begins that no earlier start of the job has read. */
export type StartingOffsets =
  | "earliest"
  | "latest"
  /** The first record that is not older than this, in epoch ms; the end if there is none. */
  | { readonly time: number }
  /** Exact offsets, by topic and partition. Partitions that are not named begin at their beginning. */
  | { readonly offsets: Readonly<Record<string, Readonly<Record<number, number>>>> };

/** How bytes become keys and values. */
export interface KafkaFormat<K, V> {
  /** Makes the key of a record; its bytes by default. */
  readonly key?: Deserialiser<K>;
  /** Makes the value of a record; its bytes by default. */
  readonly value?: Deserialiser<V>;
  /**
   * Where a record goes whose key or value its deserialiser has thrown for: a function, called on an executor, or a topic. The
   * record is then left out, and a stream reports how many were. Without it, such a record fails its batch. A range that is read
   * again, by another attempt or for another output, sends its malformed records again.
   */
  readonly malformed?: MalformedRecords;
}

/** Which topics, and how far. */
export interface KafkaSourceOptions extends KafkaConnection {
  /** The topics. */
  readonly topics?: string | readonly string[];
  /** All topics whose whole name this matches, also those that are made later. */
  readonly pattern?: RegExp;
  /** These partitions of these topics and no others. */
  readonly assign?: Readonly<Record<string, readonly number[]>>;
  /** `"latest"` by default. A topic or partition that appears later is read from its beginning. */
  readonly startingOffsets?: StartingOffsets;
  /** `"committed"` by default: records of open and aborted transactions are not read. */
  readonly isolation?: "committed" | "uncommitted";
  /**
   * What to do when offsets that come next have expired, or when a topic was deleted and made again. `"stop"`, the default:
   * the batch fails, and says which. `"continue"`: go on at the beginning of what there is, and report what is lost.
   */
  readonly whenLost?: "stop" | "continue";
  /** At most so many records in a batch, shared among partitions in proportion to what waits in each. The first batch too. */
  readonly maxRecordsPerBatch?: number;
  /** At most so many records of each partition in a batch. */
  readonly maxRecordsPerPartition?: number;
  /** Partitions of topics with more records than this in a batch are read by several tasks. */
  readonly maxRecordsPerTask?: number;
  /** At least so many tasks in a batch, if there are as many records. */
  readonly minPartitions?: number;
  /** New topics and partitions are looked for so often, in ms: every 30 seconds by default. */
  readonly discoverEvery?: number;
  /**
   * A consumer group. What committed batches have read is committed to it as well, for lag monitors. The job does not go on
   * from there, but from its checkpoint directory, and is no member of the group.
   */
  readonly group?: string;
}

/** The options of a stream of records. */
export interface KafkaStreamOptions<K = Uint8Array | null, V = Uint8Array | null>
  extends KafkaSourceOptions,
    KafkaFormat<K, V> {}

/** Options that are checked, with defaults. */
export interface CheckedOptions {
  readonly connection: KafkaConnection;
  readonly subscription: Subscription;
  readonly startingOffsets: StartingOffsets;
  readonly isolation: "committed" | "uncommitted";
  readonly whenLost: WhenLost;
  readonly limits: BatchLimits;
  readonly discoverEvery: number;
  readonly group: string | undefined;
}

/** The topics that a source reads. */
export type Subscription =
  | { readonly kind: "topics"; readonly names: readonly string[] }
  | { readonly kind: "pattern"; readonly pattern: RegExp }
  | { readonly kind: "assign"; readonly partitions: ReadonlyMap<string, ReadonlySet<number>> };

const DISCOVER_EVERY_MS = 30_000;

/** @throws KAFKA_OPTIONS */
export function checkOptions(options: KafkaSourceOptions): CheckedOptions {
  const connection = connectionOf(options);
  const { startingOffsets = "latest", isolation = "committed", whenLost = "stop", group } = options;
  checkStart(startingOffsets);
  checkReading({ isolation, whenLost });
  if (group !== undefined && (typeof group !== "string" || group === ""))
    throw new KafkaError("KAFKA_OPTIONS", "group is no text. Give the name of a consumer group, or none.");
  return {
    ...{ connection, startingOffsets, isolation, whenLost, group },
    subscription: subscriptionOf(options),
    limits: {
      records: count("maxRecordsPerBatch", options.maxRecordsPerBatch),
      recordsOfPartition: count("maxRecordsPerPartition", options.maxRecordsPerPartition),
      recordsOfRange: count("maxRecordsPerTask", options.maxRecordsPerTask),
      ranges: count("minPartitions", options.minPartitions ?? 1),
    },
    discoverEvery: count("discoverEvery", options.discoverEvery ?? DISCOVER_EVERY_MS),
  };
}

/** @throws KAFKA_OPTIONS */
export function checkReading({ isolation, whenLost }: Pick<CheckedOptions, "isolation" | "whenLost">): void {
  checkOneOf("isolation", isolation, ["committed", "uncommitted"]);
  checkOneOf("whenLost", whenLost, ["stop", "continue"]);
}

/** A short name of what is read, for labels. */
export function nameOf(subscription: Subscription): string {
  switch (subscription.kind) {
    case "topics":
      return subscription.names.join(",");
    case "pattern":
      return String(subscription.pattern);
    case "assign":
      return [...subscription.partitions.keys()].join(",");
    default:
      return subscription satisfies never;
  }
}

/** Whether a topic is read. */
export function isRead(subscription: Subscription, topic: string): boolean {
  switch (subscription.kind) {
    case "topics":
      return subscription.names.includes(topic);
    case "pattern":
      return subscription.pattern.test(topic);
    case "assign":
      return subscription.partitions.has(topic);
    default:
      return subscription satisfies never;
  }
}

/**
 * Checks where malformed records go.
 *
 * @param reads Whether the stream reads a topic: it would find there what it has written.
 * @throws KAFKA_OPTIONS
 */
export function checkMalformed(to: MalformedRecords | undefined, reads: (topic: string) => boolean): void {
  if (to === undefined || typeof to === "function") return;
  const topic: unknown = to?.topic;
  if (typeof to !== "object" || typeof topic !== "string")
    throw new KafkaError("KAFKA_OPTIONS", "malformed is neither a function nor { topic }. Give one of these, or none.");
  if (reads(topicName(topic)))
    throw new KafkaError(
      "KAFKA_OPTIONS",
      `malformed.topic is ${topic}, which the stream itself reads. Give another one, outside of its topics or pattern.`,
    );
}

function subscriptionOf({ topics, pattern, assign }: KafkaSourceOptions): Subscription {
  if ([topics, pattern, assign].filter((given) => given !== undefined).length !== 1)
    throw new KafkaError("KAFKA_OPTIONS", "give one of topics, pattern and assign.");
  if (pattern !== undefined) {
    if (pattern instanceof RegExp)
      return { kind: "pattern", pattern: new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, "")) };
    throw new KafkaError("KAFKA_OPTIONS", "pattern is no regular expression. Give one, such as /^orders-.*/.");
  }
  if (assign !== undefined) {
    const partitions = new Map(
      Object.entries(assign).map(([topic, numbers]) => [topicName(topic), numbersOf(topic, numbers)]),
    );
    if (partitions.size === 0) throw new KafkaError("KAFKA_OPTIONS", "assign names no topic.");
    return { kind: "assign", partitions };
  }
  const names = (typeof topics === "string" ? [topics] : [...(topics ?? [])]).map(topicName);
  if (names.length === 0) throw new KafkaError("KAFKA_OPTIONS", "topics is empty. Name one at least.");
  if (new Set(names).size < names.length) throw new KafkaError("KAFKA_OPTIONS", "topics names one twice.");
  return { kind: "topics", names };
}

export function topicName(name: unknown): string {
  if (typeof name === "string" && /^[\w.-]{1,249}$/.test(name)) return name;
  throw new KafkaError(
    "KAFKA_OPTIONS",
    `${JSON.stringify(name)} is no name of a topic: letters, digits, dots, - and _.`,
  );
}

function numbersOf(topic: string, numbers: unknown): ReadonlySet<number> {
  const given: readonly unknown[] = Array.isArray(numbers) ? numbers : [];
  const partitions = given.filter((one) => typeof one === "number" && Number.isInteger(one) && one >= 0);
  if (partitions.length > 0 && partitions.length === given.length) return new Set(partitions.map(Number));
  throw new KafkaError(
    "KAFKA_OPTIONS",
    `assign.${topic} is ${JSON.stringify(numbers)}. Give numbers of partitions, such as [0, 1].`,
  );
}

function checkStart(start: StartingOffsets): void {
  if (start === "earliest" || start === "latest") return;
  const isObject = typeof start === "object" && start !== null;
  if (isObject && "time" in start && Number.isFinite(start.time)) return;
  if (isObject && "offsets" in start && typeof start.offsets === "object") {
    const offsets = Object.values(start.offsets).flatMap((one) => Object.entries(one));
    if (offsets.every(([partition, offset]) => /^\d+$/.test(partition) && Number.isSafeInteger(offset) && offset >= 0))
      return;
  }
  throw new KafkaError(
    "KAFKA_OPTIONS",
    `startingOffsets is ${JSON.stringify(start)}. Give "earliest", "latest", { time: MS } or { offsets: { topic: { 0: 42 } } }.`,
  );
}

function checkOneOf(name: string, value: unknown, values: readonly string[]): void {
  if (values.some((one) => one === value)) return;
  throw new KafkaError(
    "KAFKA_OPTIONS",
    `${name} is ${JSON.stringify(value)}. Give ${values.map((one) => `"${one}"`).join(" or ")}.`,
  );
}

/** A number of things, at least one; without a limit if it is not given. @throws KAFKA_OPTIONS */
export function count(name: string, value: number | undefined): number {
  if (value === undefined) return Number.MAX_SAFE_INTEGER;
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new KafkaError("KAFKA_OPTIONS", `${name} is ${value}. Give a whole number above 0.`);
}
