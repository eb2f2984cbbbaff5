import type { RecordsBatch } from "@platformatic/kafka";
import type { FetchedBatches, Isolation } from "./cluster.ts";
import type { OffsetRange } from "./range.ts";
import type { KafkaRecord } from "./record.ts";

/** Bits of a batch's attributes. */
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
const APPEND_TIME = 1 << 3;

/** The type in the key of a control record that ends an aborted transaction. */
const ABORT = 0;

/** The records of a range, from what brokers answer: batches may begin before it and end after it, and have gaps. */
export class RangeReader {
  readonly #range: OffsetRange;
  readonly #isolation: Isolation;
  /** The producers of aborted transactions that are open at {@link next}. */
  readonly #aborted = new Set<bigint>();
  /** The offset to fetch from. */
  next: number;

  constructor(range: OffsetRange, isolation: Isolation) {
    this.#range = range;
    this.#isolation = isolation;
    this.next = range.from;
  }

  /** Nothing of the range is left. */
  get done(): boolean {
    return this.next >= this.#range.until;
  }

  /** Takes an answer to a fetch from {@link next}. @returns Its records of the range, in order. */
  take({ batches, aborted }: Pick<FetchedBatches, "batches" | "aborted">): readonly KafkaRecord[] {
    const begun = [...aborted].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
    const records: KafkaRecord[] = [];
    for (const batch of batches) {
      const end = Number(batch.firstOffset) + batch.lastOffsetDelta + 1;
      for (let first = begun[0]; first !== undefined && Number(first.firstOffset) < end; first = begun[0]) {
        this.#aborted.add(first.producerId);
        begun.shift();
      }
      if (!this.#isHidden(batch)) this.#add(batch, records);
      this.next = Math.max(this.next, end);
      if (this.done) break;
    }
    return records;
  }

  /** Passes over offsets that are gone. @returns How many of the range. */
  skipTo(begin: number): number {
    const skipped = Math.min(begin, this.#range.until) - this.next;
    this.next = Math.max(this.next, begin);
    return Math.max(0, skipped);
  }

  #isHidden({ attributes, producerId, records }: RecordsBatch): boolean {
    if ((attributes & CONTROL) !== 0) {
      // The marker's key is a version and a type, of two bytes each.
      if (records[0]?.key?.readInt16BE(2) === ABORT) this.#aborted.delete(producerId);
      return true;
    }
    return this.#isolation === "committed" && (attributes & TRANSACTIONAL) !== 0 && this.#aborted.has(producerId);
  }

  #add(batch: RecordsBatch, records: KafkaRecord[]): void {
    const { topic, partition, from, until } = this.#range;
    const firstOffset = Number(batch.firstOffset);
    const appended = (batch.attributes & APPEND_TIME) !== 0;
    const firstTimestamp = Number(batch.firstTimestamp);
    const maxTimestamp = Number(batch.maxTimestamp);
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = firstOffset + offsetDelta;
      if (offset < from || offset >= until || offset < this.next) continue;
      const timestamp = appended ? maxTimestamp : firstTimestamp + Number(timestampDelta);
      records.push({
        topic,
        partition,
        offset,
        timestamp,
        key,
        value,
        headers: headers.length === 0 ? NONE : headers.map(named),
      });
    }
  }
}

const NONE: KafkaRecord["headers"] = [];

function named([name, value]: readonly [Buffer | null, Buffer | null]): KafkaRecord["headers"][number] {
  return [name?.toString("utf8") ?? "", value];
}
