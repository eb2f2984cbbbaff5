import type { SourceHost } from "millrace";
import { Client } from "./client.ts";
import { EARLIEST, LATEST, type TopicPartition } from "./cluster.ts";
import { explained } from "./errors.ts";
import { GroupCommits } from "./group-commits.ts";
import type { MalformedLog } from "./malformed.ts";
import { type Extent, type LostOffsets, Offsets } from "./offsets.ts";
import type { CheckedOptions, StartingOffsets } from "./options.ts";
import { type KafkaRange, positionsAfter } from "./range.ts";
import { retried } from "./retried.ts";
import { namesOf, partitionsOf, topicMissing } from "./subscription.ts";

/** For how long brokers are asked at the start of a job, before it fails. */
const START_PATIENCE_MS = 3_000;

/** What becomes of malformed records. */
interface SourceReports {
  /** The topic that they go to. */
  readonly deadLetters?: string | undefined;
  readonly malformed?: MalformedLog | undefined;
}

/**
 * The driver's half of a source: at each batch it asks brokers what there is, and fixes ranges. An answer that does not come,
 * because a broker is away, is a condition and no error: the batch reads nothing, and the next one asks again.
 */
export class DriverSource {
  readonly #options: CheckedOptions;
  readonly #reports: SourceReports;
  readonly #offsets: Offsets;
  #client: Client | undefined;
  #host: SourceHost | undefined;
  #commits: GroupCommits | undefined;
  /** Of the last batch of an earlier start, which is committed when the first one of this start is. */
  #resumed: readonly KafkaRange[] = [];
  /** When topics were asked for last, in batch time; `undefined`: they have to be. */
  #discovered: number | undefined;
  #partitions: readonly (TopicPartition & { readonly id: string })[] = [];
  /** Topics of the subscription that there are not. */
  #missing: readonly string[] = [];

  constructor(options: CheckedOptions, more: SourceReports = {}) {
    this.#options = options;
    this.#reports = more;
    this.#offsets = new Offsets(options.whenLost);
  }

  /** @throws KAFKA_UNREACHABLE, KAFKA_CREDENTIALS, KAFKA_TLS, KAFKA_TOPIC_MISSING, KAFKA_NOT_PERMITTED, KAFKA_FAILED */
  async start(last: readonly KafkaRange[] | undefined, host: SourceHost): Promise<void> {
    this.#host = host;
    if (last !== undefined) this.#offsets.resume(positionsAfter(last));
    const client = new Client(this.#options.connection);
    this.#client = client;
    await retried({ cluster: client.cluster, patienceMs: START_PATIENCE_MS }, async () => {
      const { deadLetters } = this.#reports;
      if (deadLetters !== undefined && !(await client.metadata([deadLetters])).has(deadLetters))
        throw topicMissing(deadLetters);
      await this.#discover(client, 0);
      const [missing] = this.#missing;
      if (missing !== undefined) throw topicMissing(missing);
      await this.#begin(client, last === undefined ? this.#options.startingOffsets : "earliest");
    });
    this.#discovered = undefined; // the first batch looks again, on its own time
    const { group } = this.#options;
    if (group !== undefined) this.#commits = new GroupCommits(client, group, host);
    this.#resumed = last ?? [];
  }

  /** A batch is committed, and all before it. */
  committed(ranges: readonly KafkaRange[]): void {
    this.#commits?.add(positionsAfter([...this.#resumed, ...ranges]));
    this.#resumed = [];
    this.#commits?.flush();
    const malformed = this.#reports.malformed?.reportOf(ranges);
    if (malformed !== undefined) this.#host?.warn(malformed);
  }

  async limit(): Promise<void> {
    if (this.#client !== undefined) this.#offsets.limit(await this.#extents(this.#client));
  }

  hasMore(): boolean {
    return this.#offsets.hasMore;
  }

  /**
   * @param most What the engine lets the batch read.
   * @throws KAFKA_OFFSETS_LOST, KAFKA_TOPIC_RECREATED, and what no later try would mend.
   */
  async fix(time: number, most: number = Number.MAX_SAFE_INTEGER): Promise<readonly KafkaRange[]> {
    const client = this.#client;
    if (client === undefined) return [];
    let extents: readonly Extent[];
    try {
      if (this.#discovered === undefined || time - this.#discovered >= this.#options.discoverEvery) {
        await this.#discover(client, time);
        await this.#begin(client, "earliest");
      }
      extents = await this.#extents(client);
    } catch (error) {
      const why = explained(error, "asking what there is");
      if (!why.passing) throw why;
      this.#discovered = undefined; // another broker may lead by now
      this.#host?.condition(
        `${why.message} Batches read nothing from it until one succeeds; nothing is lost meanwhile.`,
      );
      return [];
    }
    const [missing] = this.#missing;
    this.#host?.condition(
      missing === undefined ? undefined : `there is no topic ${missing} any more. The other topics are read.`,
    );
    for (const lost of this.#offsets.skipLost(extents)) this.#host?.warn(lossOf(lost));
    const { limits } = this.#options;
    return this.#offsets.choose(extents, { ...limits, records: Math.min(limits.records, most) });
  }

  async stop(): Promise<void> {
    await this.#commits?.end();
    await this.#client?.close();
    this.#client = undefined;
  }

  /** Finds the partitions that are read. */
  async #discover(client: Client, time: number): Promise<void> {
    const { subscription } = this.#options;
    const topics = await client.metadata(namesOf(subscription));
    this.#partitions = partitionsOf(subscription, topics);
    const found = new Set(this.#partitions.map(({ topic }) => topic));
    this.#missing = (namesOf(subscription) ?? []).filter((name) => !found.has(name));
    this.#discovered = time;
  }

  /** Begins with the partitions that nothing is known of. */
  async #begin(client: Client, start: StartingOffsets): Promise<void> {
    const fresh = this.#partitions.filter((partition) => !this.#offsets.knows(partition));
    if (fresh.length === 0) return;
    const { isolation } = this.#options;
    const at = (timestamp: bigint) => client.offsets(fresh, { timestamp, isolation });
    const first = await at(start === "latest" ? LATEST : isTime(start) ? BigInt(Math.trunc(start.time)) : EARLIEST);
    const end = isTime(start) ? await at(LATEST) : undefined;
    for (const { topic, partition, id } of fresh) {
      const found = first.get(topic)?.get(partition) ?? 0;
      const exact = typeof start === "object" && "offsets" in start ? start.offsets[topic]?.[partition] : undefined;
      const next = exact ?? (found >= 0 ? found : (end?.get(topic)?.get(partition) ?? 0));
      this.#offsets.begin({ topic, partition, id, next });
    }
  }

  async #extents(client: Client): Promise<readonly Extent[]> {
    const { isolation } = this.#options;
    const [begins, ends] = await Promise.all(
      [EARLIEST, LATEST].map((timestamp) => client.offsets(this.#partitions, { timestamp, isolation })),
    );
    return this.#partitions.map(({ topic, partition, id }) => ({
      ...{ topic, partition, id },
      begin: begins?.get(topic)?.get(partition) ?? 0,
      end: ends?.get(topic)?.get(partition) ?? 0,
    }));
  }
}

const isTime = (start: StartingOffsets): start is { readonly time: number } =>
  typeof start === "object" && "time" in start;

function lossOf({ topic, partition, from, until }: LostOffsets): string {
  return from === until
    ? `topic ${topic} was deleted and made again: partition ${partition} is read from its beginning, offset ${until}. What the first one held and was not read is lost.`
    : `${Math.abs(until - from)} offsets of ${topic}[${partition}] are lost, from ${Math.min(from, until)} to ${Math.max(from, until) - 1}: they are not in the log any more.`;
}
