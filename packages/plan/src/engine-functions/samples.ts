import { errorKind, type Rng, StreamRng } from "@millrace/base";
import { KeyMap } from "@millrace/codec";
import { pairOf } from "../pair.ts";
import { mapSlices, type Slices, slicesOf } from "../slices.ts";
import { binomial, poisson } from "./chance.ts";
import type { EngineFactories } from "./engine-factories.ts";

export const fractionMissing = errorKind("FRACTION_MISSING", "user");

/** A record with the random number by which it competes for a place in a sample. */
export type Ticket = readonly [number: number, record: unknown];

/** How many records of a key a partition has, and how many of them are wanted. */
export type Quota = readonly [population: number, wanted: number];

/**
 * Samples. What is drawn depends on the seed, the number of the partition and the records before, so that an attempt
 * which is made again draws the same.
 */
export const sampleFunctions: EngineFactories = {
  /** Records whose random number lies in [from, to): disjoint intervals of one seed give disjoint samples. */
  "millrace:sample": (from: number, to: number, seed: number) => (partition: number, values: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    return mapSlices(values, (slice) => {
      const some: unknown[] = [];
      for (let i = 0; i < slice.length; i += 1) {
        const drawn = rng.next();
        if (drawn >= from && drawn < to) some.push(slice[i]);
      }
      return some;
    });
  },
  "millrace:sampleWithReplacement": (mean: number, seed: number) => (partition: number, values: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    return repeated(values, () => poisson(rng, mean));
  },
  "millrace:sampleByKey": (
    withReplacement: boolean,
    fractions: readonly (readonly [key: unknown, fraction: number])[],
    seed: number,
  ) => {
    const byKey = new KeyMap<unknown, number>();
    for (const [key, fraction] of fractions) byKey.set(key, fraction);
    return (partition: number, pairs: Iterable<unknown>) => {
      const rng = new StreamRng(seed, partition);
      return repeated(pairs, (record) => {
        const key = pairOf(record)[0];
        const slot = byKey.find(key);
        if (slot < 0) throw noFraction(key);
        const fraction = byKey.valueAt(slot);
        return withReplacement ? poisson(rng, fraction) : Number(rng.next() < fraction);
      });
    };
  },
  /** One record for each partition: how many pairs of each of these keys it has. */
  "millrace:countKeys": (keys: readonly unknown[]) => (pairs: Iterable<unknown>) => {
    const counts = new Array<number>(keys.length).fill(0);
    const slots = slotsOf(keys);
    for (const slice of slicesOf(pairs)) {
      for (const record of slice) {
        const key = pairOf(record)[0];
        const slot = slots.find(key);
        if (slot < 0) throw noFraction(key);
        counts[slot] = (counts[slot] ?? 0) + 1;
      }
    }
    return [counts];
  },
  /** @param quotas For each partition, for each of the keys. */
  "millrace:sampleByQuota": (
    withReplacement: boolean,
    keys: readonly unknown[],
    quotas: readonly (readonly Quota[])[],
    seed: number,
  ) => {
    const slots = slotsOf(keys);
    return (partition: number, pairs: Iterable<unknown>) => {
      const rng = new StreamRng(seed, partition);
      const left = (quotas[partition] ?? []).map(([population, wanted]) => ({ population, wanted }));
      return repeated(pairs, (record) => {
        const quota = left[slots.find(pairOf(record)[0])];
        // The partition was counted without this record.
        return quota === undefined || quota.population === 0 ? 0 : copiesOf(quota, withReplacement, rng);
      });
    };
  },
  /** The records with the smallest of random numbers, with these: of several partitions the smallest are a sample of all. */
  "millrace:drawTickets": (most: number, seed: number) => (partition: number, values: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    const sample = new SmallestTickets(most);
    for (const slice of slicesOf(values)) for (const value of slice) sample.offer(rng.next(), value);
    return sample.all();
  },
  /** One record for each partition: how many records it has, and as many independent draws from them as are wanted. */
  "millrace:drawWithReplacement": (draws: number, seed: number) => (partition: number, values: Iterable<unknown>) => [
    drawEach(values, draws, new StreamRng(seed, partition)),
  ],
};

/** Each record as many times as is said of it. */
function repeated<T>(values: Iterable<T>, timesOf: (value: T) => number): Slices {
  return mapSlices(values, (slice) => {
    const some: T[] = [];
    for (const value of slice) for (let n = timesOf(value); n > 0; n -= 1) some.push(value);
    return some;
  });
}

/** Knuth's selection sampling: each record is taken with the share of what is wanted in what is left. */
function copiesOf(quota: { population: number; wanted: number }, withReplacement: boolean, rng: Rng): number {
  const copies = withReplacement
    ? binomial(rng, quota.wanted, 1 / quota.population)
    : Number(rng.int(quota.population) < quota.wanted);
  quota.population -= 1;
  quota.wanted -= copies;
  return copies;
}

/** The `most` tickets with the smallest numbers. */
export class SmallestTickets {
  readonly #most: number;
  #tickets: Ticket[] = [];
  /** Larger numbers lose. */
  #limit = Number.POSITIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
  }

  offer(number: number, record: unknown): void {
    if (number > this.#limit) return;
    this.#tickets.push([number, record]);
    // Twice as many as are wanted: sorted now and then only.
    if (this.#tickets.length < 2 * this.#most + 16) return;
    this.#tickets = this.all();
    this.#limit = this.#tickets.at(-1)?.[0] ?? this.#limit;
  }

  /** In order of their numbers. */
  all(): Ticket[] {
    return this.#tickets.sort(([a], [b]) => a - b).slice(0, this.#most);
  }
}

/**
 * Independent draws from records of which nobody knows how many there are, in one pass: each draw keeps the record it has
 * until one that comes later takes its place, which is found by jumping there.
 */
function drawEach(values: Iterable<unknown>, draws: number, rng: Rng): readonly [count: number, drawn: unknown[]] {
  const drawn = new Array<unknown>(draws);
  const due = new Map<number, number[]>([[1, Array.from(drawn, (_, i) => i)]]);
  let count = 0;
  for (const slice of slicesOf(values)) {
    for (const value of slice) {
      count += 1;
      const now = due.get(count);
      if (now === undefined) continue;
      due.delete(count);
      for (const draw of now) {
        drawn[draw] = value;
        const next = Math.floor(count / (1 - rng.next())) + 1;
        const later = due.get(next);
        if (later === undefined) due.set(next, [draw]);
        else later.push(draw);
      }
    }
  }
  return [count, count === 0 ? [] : drawn];
}

function slotsOf(keys: readonly unknown[]): KeyMap<unknown, true> {
  const slots = new KeyMap<unknown, true>();
  for (const key of keys) if (!slots.has(key)) slots.add(key, true);
  return slots;
}

function noFraction(key: unknown): Error {
  return fractionMissing(
    `a pair has the key ${typeof key === "string" ? JSON.stringify(key) : String(key)}, for which the fractions say nothing. ` +
      "The task fails. Give every key a fraction, 0 for those that are not wanted.",
  );
}
