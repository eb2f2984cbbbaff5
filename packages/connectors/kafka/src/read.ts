import { inSlices, shipPackage } from "millrace";
import type { Client } from "./client.ts";
import { EARLIEST, type FetchedBatches, type Isolation } from "./cluster.ts";
import type { KafkaConnection } from "./connection.ts";
import { explainedCode, KafkaError, PROTOCOL } from "./errors.ts";
import { type MalformedAccumulator, MalformedOfRange } from "./malformed.ts";
import type { KafkaFormat } from "./options.ts";
import type { OffsetRange } from "./range.ts";
import { RangeReader } from "./range-reader.ts";
import type { KafkaRecord } from "./record.ts";
import { retried } from "./retried.ts";
import { sharedClient } from "./shared-clients.ts";

/** What tasks need besides ranges. It travels with them: the connection names secrets and has none. */
export interface KafkaReadOptions<K, V> extends KafkaFormat<K, V> {
  readonly connection: KafkaConnection;
  readonly isolation: Isolation;
  readonly whenLost: "stop" | "continue";
  /** Of malformed records, for the driver's reports. */
  readonly counts?: MalformedAccumulator;
}

/** For how long a task asks before it fails, and is retried as a whole. */
const PATIENCE_MS = 60_000;
/** Empty answers to fetches, of half a second each, before a range that ought to have records has failed. */
const EMPTY_MAX = 40;
/** Bytes of one fetch, and the guess at those of a record before any is known. */
const FETCH_MAX = 4 * 1024 * 1024;
const FETCH_MIN = 64 * 1024;
const RECORD_GUESS = 4 * 1024;

/** Reads the records of a range, in order, answer by answer. The next fetch is under way while the records of one are processed. */
async function* readRange<K, V>(
  range: OffsetRange,
  options: KafkaReadOptions<K, V>,
): AsyncGenerator<readonly KafkaRecord<K, V>[]> {
  const reader = new RangeReader(range, options.isolation);
  if (reader.done) return;
  const malformed = new MalformedOfRange(range, options);
  try {
    for await (const records of fetchedRecords(range, reader, options))
      yield await formatted(records, options, malformed);
  } finally {
    await malformed.end(); // also of a range that is not read to its end
  }
}

/** The records of a range, answer by answer. */
async function* fetchedRecords(
  range: OffsetRange,
  reader: RangeReader,
  options: KafkaReadOptions<never, never> | KafkaReadOptions<unknown, unknown>,
): AsyncGenerator<readonly KafkaRecord[]> {
  const fetches = new Fetches(range, options);
  let bytes = RECORD_GUESS;
  let empty = 0;
  let fetching: Promise<FetchedBatches> | undefined = fetches.from(reader.next, wanted(range, reader, bytes));
  while (fetching !== undefined) {
    const fetched: FetchedBatches = await fetching;
    const before = reader.next;
    if (fetched.errorCode === PROTOCOL.offsetOutOfRange) passOver(reader, range, fetched, options.whenLost);
    const records = reader.take(fetched);
    if (reader.next > before) {
      bytes = bytesOf(fetched) ?? bytes;
      empty = 0;
    } else if (++empty > EMPTY_MAX) {
      throw new KafkaError(
        "KAFKA_OFFSETS_LOST",
        `${range.topic}[${range.partition}] ends at ${fetched.end}, and this task is to read ${reader.next} to ${range.until - 1}: the log was cut.`,
      );
    }
    fetching = reader.done ? undefined : fetches.from(reader.next, wanted(range, reader, bytes));
    fetching?.catch(() => undefined); // it is awaited above, unless the task ends before
    yield records;
  }
}

/** {@link readRange} as executors call it, by its name: what is captured with it has lost its types on the way. */
const readKafkaRange = (
  range: OffsetRange,
  options: KafkaReadOptions<unknown, unknown>,
): AsyncIterable<KafkaRecord<unknown, unknown>> => inSlices(readRange(range, options));

shipPackage("@millrace/kafka", { readKafkaRange });

/** What an RDD or a stream of records asks executors to do. */
export function reading<K, V>(
  where: Pick<KafkaReadOptions<K, V>, "connection" | "isolation" | "whenLost">,
  { key, value, malformed }: KafkaFormat<K, V>,
  counts?: MalformedAccumulator,
): {
  readonly options: KafkaReadOptions<K, V>;
  readonly read: (range: OffsetRange, options: KafkaReadOptions<K, V>) => AsyncIterable<KafkaRecord<K, V>>;
} {
  const { connection, isolation, whenLost } = where;
  return {
    options: {
      ...{ connection, isolation, whenLost },
      ...(key === undefined ? {} : { key }),
      ...(value === undefined ? {} : { value }),
      ...(malformed === undefined ? {} : { malformed }),
      ...(counts === undefined ? {} : { counts }),
    },
    // Executors know this function by name, whatever the types of keys and values are.
    read: readKafkaRange as (range: OffsetRange, options: KafkaReadOptions<K, V>) => AsyncIterable<KafkaRecord<K, V>>,
  };
}

/** Fetches of one range, tried again while that may help. */
class Fetches {
  readonly #range: OffsetRange;
  readonly #options: KafkaReadOptions<unknown, unknown>;

  constructor(range: OffsetRange, options: KafkaReadOptions<never, never> | KafkaReadOptions<unknown, unknown>) {
    this.#range = range;
    this.#options = options as KafkaReadOptions<unknown, unknown>; // it looks at nothing that has to do with keys and values
  }

  /** @throws KAFKA_UNREACHABLE, KAFKA_TOPIC_MISSING, KAFKA_TOPIC_RECREATED, KAFKA_NOT_PERMITTED, KAFKA_FAILED */
  async from(offset: number, maxBytes: number): Promise<FetchedBatches> {
    const { topic, partition } = this.#range;
    const { connection, isolation } = this.#options;
    return retried(
      { cluster: sharedClient(connection).cluster, patienceMs: PATIENCE_MS },
      async () => {
        const client = sharedClient(connection);
        if (client.topics.get(topic) === undefined) await this.#learn(client);
        const id = this.#range.id ?? client.topics.get(topic)?.id;
        if (id === undefined) throw explainedCode(PROTOCOL.unknownTopicOrPartition, `fetching ${topic}[${partition}]`);
        const fetched = await client.fetch({ topic, id, partition, offset, maxBytes, isolation });
        if (fetched.errorCode === 0) return fetched;
        if (fetched.errorCode !== PROTOCOL.offsetOutOfRange)
          throw explainedCode(fetched.errorCode, `fetching ${topic}[${partition}] from ${offset}`);
        const begins = await client.offsets([{ topic, partition }], { timestamp: EARLIEST, isolation });
        return { ...fetched, begin: begins.get(topic)?.get(partition) ?? offset };
      },
      () => this.#learn(sharedClient(connection)),
    );
  }

  /** Asks who leads the topic's partitions. */
  async #learn(client: Client): Promise<void> {
    const { topic, id } = this.#range;
    const found = (await client.metadata([...new Set([...client.topics.keys(), topic])])).get(topic);
    if (found === undefined || id === undefined || found.id === id) return;
    throw new KafkaError(
      "KAFKA_TOPIC_RECREATED",
      `topic ${topic} was deleted and made again (its id was ${id} and is ${found.id}) while these offsets were still to be read.`,
    );
  }
}

function wanted({ until }: OffsetRange, { next }: RangeReader, bytesOfRecord: number): number {
  return Math.min(FETCH_MAX, Math.max(FETCH_MIN, Math.ceil((until - next) * bytesOfRecord * 1.1)));
}

/** The bytes of a record, on the average of an answer. */
function bytesOf({ batches }: FetchedBatches): number | undefined {
  const records = batches.reduce((sum, { lastOffsetDelta }) => sum + lastOffsetDelta + 1, 0);
  return records === 0 ? undefined : batches.reduce((sum, { length }) => sum + length, 0) / records;
}

/** @throws KAFKA_OFFSETS_LOST */
function passOver(
  reader: RangeReader,
  { topic, partition, until }: OffsetRange,
  { begin }: FetchedBatches,
  whenLost: "stop" | "continue",
): void {
  const at = reader.next;
  if (begin > at && whenLost === "continue") {
    const skipped = reader.skipTo(begin);
    console.warn(
      `${skipped} offsets of ${topic}[${partition}] are lost, from ${at}: they expired before a task could read them.`,
    );
    return;
  }
  throw new KafkaError(
    "KAFKA_OFFSETS_LOST",
    begin > at
      ? `offset ${at} of ${topic}[${partition}] comes next, and its first offset is ${begin}: they expired before a task could read them. Keep records for longer (retention.ms).`
      : `offset ${at} of ${topic}[${partition}] is to be read, up to ${until - 1}, and is not there: the log was cut.`,
  );
}

async function formatted<K, V>(
  records: readonly KafkaRecord[],
  { key, value }: KafkaFormat<K, V>,
  malformed: MalformedOfRange,
): Promise<readonly KafkaRecord<K, V>[]> {
  if (key === undefined && value === undefined) return records as readonly KafkaRecord<K, V>[]; // K and V are what they are by default
  const made: KafkaRecord<K, V>[] = [];
  for (const record of records) {
    try {
      made.push({
        ...record,
        key: key === undefined ? (record.key as K) : key(record.key), // as above
        value: value === undefined ? (record.value as V) : value(record.value),
      });
    } catch (error) {
      await malformed.take(record, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return made;
}
