import { errorKind, type Rng, StreamRng } from "@millrace/base";
import { KeyMap } from "@millrace/codec";
import { binomial, poisson } from "../chance.ts";
import { drawEach } from "../draw-each.ts";
import { type Operator, operator } from "../operator.ts";
import { pairOf } from "../pair.ts";
import { mapSlices, type Slices, slicesOf } from "../slices.ts";
import { SmallestTickets } from "../smallest-tickets.ts";

// Samples. Draws depend on the seed, the partition's number and the preceding records, so that a retried attempt draws
// the same.

const fractionMissing = errorKind("FRACTION_MISSING", "user");

/** The number of a key's records in a partition, and the number to draw from them. */
export type Quota = readonly [population: number, wanted: number];

/** Records whose random number is in [from, to): disjoint intervals of one seed yield disjoint samples. */
export const sample: Operator<[from: number, to: number, seed: number]> = operator(
  "sample",
  (from, to, seed) => (partition: number, values: Iterable<unknown>) => {
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
);
export const sampleWithReplacement: Operator<[mean: number, seed: number]> = operator(
  "sampleWithReplacement",
  (mean, seed) => (partition: number, values: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    return repeated(values, () => poisson(rng, mean));
  },
);
export const sampleByKey: Operator<
  [withReplacement: boolean, fractions: readonly (readonly [key: unknown, fraction: number])[], seed: number]
> = operator("sampleByKey", (withReplacement, fractions, seed) => {
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
});

/** One record per partition: the number of pairs with each of these keys. */
export const countKeys: Operator<[keys: readonly unknown[]]> = operator(
  "countKeys",
  (keys) => (pairs: Iterable<unknown>) => {
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
);
/** @param quotas For each partition, for each of the keys. */
export const sampleByQuota: Operator<
  [withReplacement: boolean, keys: readonly unknown[], quotas: readonly (readonly Quota[])[], seed: number]
> = operator("sampleByQuota", (withReplacement, keys, quotas, seed) => {
  const slots = slotsOf(keys);
  return (partition: number, pairs: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    const left = (quotas[partition] ?? []).map(([population, wanted]) => ({ population, wanted }));
    return repeated(pairs, (record) => {
      const quota = left[slots.find(pairOf(record)[0])];
      // This record was not there when the partition was counted.
      return quota === undefined || quota.population === 0 ? 0 : copiesOf(quota, withReplacement, rng);
    });
  };
});

/**
 * The records with the smallest random numbers, with the numbers: the smallest of several partitions are a sample of
 * all.
 */
export const drawTickets: Operator<[most: number, seed: number]> = operator(
  "drawTickets",
  (most, seed) => (partition: number, values: Iterable<unknown>) => {
    const rng = new StreamRng(seed, partition);
    const tickets = new SmallestTickets(most);
    for (const slice of slicesOf(values)) for (const value of slice) tickets.offer(rng.next(), value);
    return tickets.all();
  },
);
/** One record per partition: the number of its records, and the wanted number of independent draws from them. */
export const drawWithReplacement: Operator<[draws: number, seed: number]> = operator(
  "drawWithReplacement",
  (draws, seed) => (partition: number, values: Iterable<unknown>) => [
    drawEach(values, draws, new StreamRng(seed, partition)),
  ],
);

/** Each record `timesOf(record)` times. */
function repeated<T>(values: Iterable<T>, timesOf: (value: T) => number): Slices {
  return mapSlices(values, (slice) => {
    const some: T[] = [];
    for (const value of slice) for (let n = timesOf(value); n > 0; n -= 1) some.push(value);
    return some;
  });
}

/** Knuth's selection sampling: each record is taken with probability wanted / remaining. */
function copiesOf(quota: { population: number; wanted: number }, withReplacement: boolean, rng: Rng): number {
  const copies = withReplacement
    ? binomial(rng, quota.wanted, 1 / quota.population)
    : Number(rng.int(quota.population) < quota.wanted);
  quota.population -= 1;
  quota.wanted -= copies;
  return copies;
}

function slotsOf(keys: readonly unknown[]): KeyMap<unknown, true> {
  const slots = new KeyMap<unknown, true>();
  for (const key of keys) if (!slots.has(key)) slots.add(key, true);
  return slots;
}

function noFraction(key: unknown): Error {
  return fractionMissing(
    `a pair has the key ${typeof key === "string" ? JSON.stringify(key) : String(key)}, for which no fraction is given. ` +
      "The task fails. Give every key a fraction, 0 for unwanted keys.",
  );
}
