import { type Accumulator, type AccumulatorSpec, shipPackage } from "millrace";
import type { KafkaConnection } from "./connection.ts";
import { KafkaError } from "./errors.ts";
import type { KafkaMessage } from "./message.ts";
import type { OffsetRange } from "./range.ts";
import type { KafkaRecord } from "./record.ts";
import { sharedClient } from "./shared-clients.ts";
import { KafkaWriter } from "./writer.ts";

/** Where records go whose key or value cannot be deserialised: a function, or a topic of the same cluster. */
export type MalformedRecords =
  | ((record: KafkaRecord, error: Error) => void | Promise<void>)
  | {
      /** They are written there as they are, with headers `millrace.topic`, `.partition`, `.offset`, `.timestamp` and `.error`. */
      readonly topic: string;
    };

/** A malformed record, as tasks report it. */
interface Report {
  /** The range that it belongs to, by name. */
  readonly range: string;
  readonly offset: number;
  readonly why: string;
}

/** Those of a range. */
interface Malformed {
  readonly count: number;
  readonly first: Pick<Report, "offset" | "why">;
}

/**
 * The malformed records of ranges, by name. A range that is read again, by another attempt or another output, has the same ones, and
 * counts once; one that was not read to its end has fewer.
 */
class MalformedCounts implements AccumulatorSpec<Report, Map<string, Malformed>> {
  zero(): Map<string, Malformed> {
    return new Map();
  }

  add(total: Map<string, Malformed>, { range, ...first }: Report): Map<string, Malformed> {
    const known = total.get(range);
    return total.set(range, { count: (known?.count ?? 0) + 1, first: known?.first ?? first });
  }

  merge(total: Map<string, Malformed>, share: Map<string, Malformed>): Map<string, Malformed> {
    for (const [range, one] of share) if (one.count > (total.get(range)?.count ?? 0)) total.set(range, one);
    return total;
  }
}

shipPackage("@millrace/kafka", { MalformedCounts });

/** The spec of an accumulator of malformed records. */
export const malformedCounts: AccumulatorSpec<Report, Map<string, Malformed>> = new MalformedCounts();

export type MalformedAccumulator = Accumulator<Report, Map<string, Malformed>>;

const nameOf = ({ topic, partition, from }: OffsetRange): string => `${topic}[${partition}] from ${from}`;

/** Partitions that a report names. */
const NAMED_MAX = 5;

/** The malformed records of a job's batches, on the driver. */
export class MalformedLog {
  readonly #counts: Pick<MalformedAccumulator, "value" | "reset">;
  readonly #to: MalformedRecords;
  #all = 0;

  constructor(counts: Pick<MalformedAccumulator, "value" | "reset">, to: MalformedRecords) {
    this.#counts = counts;
    this.#to = to;
  }

  /** What a batch has left out, in a sentence or two; `undefined`: nothing. @param ranges Of the batch. */
  reportOf(ranges: readonly OffsetRange[]): string | undefined {
    const counts = this.#counts.value;
    if (counts.size === 0) return undefined;
    this.#counts.reset();
    const partitions = new Map<string, number>();
    let first: string | undefined;
    for (const range of ranges) {
      const found = counts.get(nameOf(range));
      if (found === undefined) continue;
      const where = `${range.topic}[${range.partition}]`;
      partitions.set(where, (partitions.get(where) ?? 0) + found.count);
      first ??= `offset ${found.first.offset} of ${where}: ${found.first.why}`;
    }
    const count = [...partitions.values()].reduce((sum, one) => sum + one, 0);
    if (count === 0) return undefined;
    this.#all += count;
    const named = [...partitions].slice(0, NAMED_MAX).map(([where, some]) => `${some} of ${where}`);
    const more = partitions.size > NAMED_MAX ? ", …" : "";
    const went = typeof this.#to === "function" ? "The function malformed has them" : `They are in ${this.#to.topic}`;
    return (
      `records of a batch that could not be deserialised were left out: ${count}, ${named.join(", ")}${more}. The first is ${first}. ` +
      `${went}; since the job has started there were ${this.#all}.`
    );
  }
}

/** The malformed records of one range, in a task. */
export class MalformedOfRange {
  readonly #range: OffsetRange;
  readonly #to: MalformedRecords | undefined;
  readonly #counts: Pick<MalformedAccumulator, "add"> | undefined;
  readonly #connection: KafkaConnection;
  #writer: KafkaWriter | undefined;

  constructor(
    range: OffsetRange,
    options: {
      readonly connection: KafkaConnection;
      readonly malformed?: MalformedRecords;
      readonly counts?: Pick<MalformedAccumulator, "add">;
    },
  ) {
    this.#range = range;
    this.#to = options.malformed;
    this.#counts = options.counts;
    this.#connection = options.connection;
  }

  /** @throws KAFKA_RECORD_MALFORMED The job does not say where such records go. */
  async take(record: KafkaRecord, why: Error): Promise<void> {
    const { topic, partition, offset } = record;
    if (this.#to === undefined)
      throw new KafkaError(
        "KAFKA_RECORD_MALFORMED",
        `the record at offset ${offset} of ${topic}[${partition}] cannot be deserialised: ${why.message}. To go on without such records, say where they go: malformed, a function or a topic.`,
      );
    this.#counts?.add({ range: nameOf(this.#range), offset, why: why.message });
    if (typeof this.#to === "function") return this.#to(record, why);
    this.#writer ??= new KafkaWriter(sharedClient(this.#connection), {
      ...{ topic: this.#to.topic, compression: "none", id: undefined, transactionTimeoutMs: 0, partition },
    });
    await this.#writer.write([deadLetter(record, why)]);
  }

  /** Resolves when all that was taken is written. */
  async end(): Promise<void> {
    await this.#writer?.prepare();
  }
}

/** A record as it was, with where it came from. */
function deadLetter(
  { key, value, headers, topic, partition, offset, timestamp }: KafkaRecord,
  why: Error,
): KafkaMessage {
  const from = { topic, partition, offset, timestamp, error: why.message };
  return {
    key,
    value,
    headers: {
      ...Object.fromEntries(headers.map(([name, bytes]) => [name, bytes ?? ""])),
      ...Object.fromEntries(Object.entries(from).map(([name, one]) => [`millrace.${name}`, String(one)])),
    },
  };
}
