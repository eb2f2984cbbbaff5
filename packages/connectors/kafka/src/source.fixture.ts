import type { ExternalSource, SourceHost } from "millrace";
import type { KafkaStreamOptions } from "./options.ts";
import type { KafkaRange } from "./range.ts";
import type { KafkaReadOptions } from "./read.ts";
import type { KafkaRecord } from "./record.ts";
import { kafkaSource } from "./stream.ts";

/** A source as a start of a job has it: batches one after the other, when a test says so. */
export class TestSource<K = Uint8Array | null, V = Uint8Array | null> implements SourceHost {
  readonly source: ExternalSource<KafkaRange, KafkaRecord<K, V>, KafkaReadOptions<K, V>>;
  readonly warnings: string[] = [];
  standing: string | undefined;
  /** The ranges of the last batch. */
  ranges: readonly KafkaRange[] = [];
  #time = 1_000_000;

  static async start<K = Uint8Array | null, V = Uint8Array | null>(
    options: KafkaStreamOptions<K, V>,
    last?: readonly KafkaRange[],
  ): Promise<TestSource<K, V>> {
    const source = new TestSource(options);
    await source.source.start?.(last, source);
    return source;
  }

  private constructor(options: KafkaStreamOptions<K, V>) {
    this.source = kafkaSource(options);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  condition(message: string | undefined): void {
    this.standing = message;
  }

  /** Fixes a batch, so many ms after the one before. @param most What the engine lets it read. */
  async fix(afterMs = 1_000, most?: number): Promise<readonly KafkaRange[]> {
    this.#time += afterMs;
    this.ranges = await this.source.fix(this.#time, most);
    return this.ranges;
  }

  async read(ranges: readonly KafkaRange[]): Promise<readonly KafkaRecord<K, V>[]> {
    const records: KafkaRecord<K, V>[] = [];
    for (const range of ranges)
      for await (const record of await this.source.read(range, this.source.options)) records.push(record);
    return records;
  }

  /** Fixes and reads a batch. @returns Its values, as text. */
  async batch(afterMs = 1_000): Promise<readonly string[]> {
    return (await this.read(await this.fix(afterMs))).map(({ value }) => textOf(value));
  }

  async stop(): Promise<void> {
    await this.source.stop?.();
  }
}

/** The text of bytes. */
export function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value);
}
