import { KafkaError } from "./errors.ts";
import type { KafkaPosition, KafkaRange, OffsetRange } from "./range.ts";

/** The offsets that a broker has of a partition. */
export interface Extent {
  /** The topic's name. */
  readonly topic: string;
  /** The topic's id. */
  readonly id: string;
  /** The partition. */
  readonly partition: number;
  /** The first offset that there is. */
  readonly begin: number;
  /** The offset after the last one that may be read. */
  readonly end: number;
}

/** How much a batch reads, and in how many parts. */
export interface BatchLimits {
  /** At most so many offsets of all partitions together, shared in proportion to what waits in each. */
  readonly records: number;
  /** At most so many offsets of each partition. */
  readonly recordsOfPartition: number;
  /** Ranges longer than this are split. */
  readonly recordsOfRange: number;
  /** At least so many ranges, if there are as many records: the longest ones are split. */
  readonly ranges: number;
}

/** Offsets that could not be read: they are gone. */
export interface LostOffsets {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly until: number;
}

/** What to do when offsets that come next are gone, or when their topic is another one. */
export type WhenLost = "stop" | "continue";

/**
 * How far a source has come in each partition, and what a batch reads next. Asks nobody: it is told what brokers have.
 */
export class Offsets {
  readonly #next = new Map<string, KafkaPosition>();
  readonly #whenLost: WhenLost;
  /** Positions that no range has told of. */
  #untold = false;
  /** What this run may read, by partition; absent: all that there is. */
  #bounds: ReadonlyMap<string, number> | undefined;

  constructor(whenLost: WhenLost) {
    this.#whenLost = whenLost;
  }

  /** Goes on from these. */
  resume(positions: readonly KafkaPosition[]): void {
    for (const position of positions) this.#next.set(keyOf(position), position);
  }

  /** Whether anything is known of this partition. */
  knows(partition: Pick<Extent, "topic" | "partition">): boolean {
    return this.#next.has(keyOf(partition));
  }

  /** Begins with a partition. */
  begin(position: KafkaPosition): void {
    this.#next.set(keyOf(position), position);
    this.#untold = true;
  }

  /** Nothing behind these ends is read by this run. */
  limit(extents: readonly Extent[]): void {
    this.#bounds = new Map(extents.map((extent) => [keyOf(extent), extent.end]));
  }

  /** Whether something is left before the ends of {@link limit}. */
  get hasMore(): boolean {
    return [...(this.#bounds ?? [])].some(([key, end]) => (this.#next.get(key)?.next ?? end) < end);
  }

  /**
   * Finds what is gone of that which comes next, and passes over it.
   *
   * @returns What is lost.
   * @throws KAFKA_OFFSETS_LOST, KAFKA_TOPIC_RECREATED Something is, and the source is to stop then.
   */
  skipLost(extents: readonly Extent[]): readonly LostOffsets[] {
    const lost: LostOffsets[] = [];
    for (const extent of extents) {
      const { topic, partition, id, begin, end } = extent;
      const at = this.#next.get(keyOf(extent));
      if (at === undefined) continue;
      const again = at.id !== id;
      if (!again && at.next >= begin && at.next <= end) continue;
      if (this.#whenLost === "stop") throw again ? recreated(at, id) : gone(at, extent);
      this.begin({ topic, partition, id, next: begin });
      // Of a topic that was made again nobody knows how much the first one held.
      lost.push({ topic, partition, from: again ? begin : at.next, until: begin });
    }
    return lost;
  }

  /**
   * Chooses what the next batch reads, and goes on after it.
   *
   * @param extents Of every partition that {@link knows}, and whose offsets {@link skipLost} has looked at.
   */
  choose(extents: readonly Extent[], limits: BatchLimits): readonly KafkaRange[] {
    const waiting = extents.flatMap((extent) => this.#waiting(extent, limits.recordsOfPartition));
    const ranges = split(shared(waiting, limits.records), limits);
    const [first, ...rest] = ranges;
    if (first === undefined && !this.#untold) return [];
    for (const { topic, id, partition, until: next } of ranges)
      this.#next.set(`${topic}[${partition}]`, { topic, id, partition, next });
    this.#untold = false;
    const read = new Set(ranges.map(keyOf));
    const others = [...this.#next.values()].filter((position) => !read.has(keyOf(position)));
    if (first !== undefined) return [others.length === 0 ? first : { ...first, others }, ...rest];
    const [untold, ...more] = others;
    if (untold === undefined) return [];
    const { next, ...where } = untold;
    return [{ ...where, from: next, until: next, others: more }];
  }

  #waiting(extent: Extent, most: number): readonly KafkaRange[] {
    const at = this.#next.get(keyOf(extent));
    if (at === undefined) return [];
    const end = Math.min(extent.end, this.#bounds === undefined ? extent.end : (this.#bounds.get(keyOf(extent)) ?? 0));
    const { topic, id, partition, next: from } = at;
    return from < end ? [{ topic, id, partition, from, until: Math.min(end, from + most) }] : [];
  }
}

const keyOf = ({ topic, partition }: Pick<Extent, "topic" | "partition">): string => `${topic}[${partition}]`;
const lengthOf = ({ from, until }: OffsetRange): number => until - from;

/**
 * Cuts ranges so that all together are not longer than this: each keeps something, and of the rest the same share. If that is less
 * than one for each, the longest ones have one.
 */
function shared(ranges: readonly KafkaRange[], most: number): readonly KafkaRange[] {
  const all = ranges.reduce((sum, range) => sum + lengthOf(range), 0);
  if (all <= most) return ranges;
  const rest = most - ranges.length;
  if (rest < 0) {
    const longest = new Set([...ranges].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, most));
    return ranges.filter((range) => longest.has(range)).map((range) => ({ ...range, until: range.from + 1 }));
  }
  const share = rest / (all - ranges.length);
  return ranges.map((range) => ({ ...range, until: range.from + 1 + Math.floor((lengthOf(range) - 1) * share) }));
}

/** Splits ranges into parts of about the same length. */
export function split<Range extends OffsetRange>(
  ranges: readonly Range[],
  { recordsOfRange, ranges: wanted }: Pick<BatchLimits, "recordsOfRange" | "ranges">,
): readonly Range[] {
  const all = ranges.reduce((sum, range) => sum + lengthOf(range), 0);
  const fair = ranges.length < wanted ? Math.max(1, Math.ceil(all / wanted)) : all;
  const longest = Math.min(recordsOfRange, fair);
  return ranges.flatMap((range) => {
    const parts = Math.max(1, Math.ceil(lengthOf(range) / longest));
    const at = (part: number): number => range.from + Math.floor((lengthOf(range) * part) / parts);
    return Array.from({ length: parts }, (_, part) => ({ ...range, from: at(part), until: at(part + 1) }));
  });
}

function gone(at: KafkaPosition, { begin, end }: Extent): KafkaError {
  const where = `${at.topic}[${at.partition}]`;
  const what =
    at.next < begin
      ? `offset ${at.next} of ${where} comes next, and its first offset is ${begin}: ${begin - at.next} have expired`
      : `offset ${at.next} of ${where} comes next, and it ends at ${end}: the log was cut`;
  return new KafkaError(
    "KAFKA_OFFSETS_LOST",
    `${what}. Keep records for longer (retention.ms); to go on without them, set whenLost: "continue", which counts them.`,
  );
}

function recreated(at: KafkaPosition, id: string): KafkaError {
  return new KafkaError(
    "KAFKA_TOPIC_RECREATED",
    `topic ${at.topic} was deleted and made again (its id was ${at.id} and is ${id}): offset ${at.next} of partition ${at.partition} means another record now. ` +
      'To read the new topic from its beginning, set whenLost: "continue", or start with another checkpoint directory.',
  );
}
