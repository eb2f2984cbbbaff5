// One batch of millions of records, grouped, joined or sorted, with a result that shows whether all of them are right.
// Arguments: the name of a case, the number of records.
import { defineJob, type RDD, type StreamingContext } from "millrace";
import { report, wallMs } from "./report.ts";

/** A prime that divides no number of records: multiplying by it permutes the numbers below any of them. */
const STRIDE = 7919;
/** Records per key, in cases with several per key. */
const PER_KEY = 5;
const HOT = -1;

/** Summary of one partition of the result. */
interface Found {
  readonly records: number;
  /** Sum of the numbers from which the records were made. */
  readonly sum: number;
  /** First and last key in the order of the partition; 0 if there is no order. */
  readonly first: number;
  readonly last: number;
}

interface Case {
  run(ssc: StreamingContext, records: number): RDD<Found>;
  /** Records of the result, and the sum of their numbers. */
  expected(records: number): { readonly records: number; readonly sum: number };
}

const sumBelow = (n: number): number => (n * (n - 1)) / 2;

/** Numbers of the groups, all of which must belong to the key. */
function countGroups<V>(
  grouped: RDD<readonly [number, readonly V[]]>,
  toNumber: (value: V) => number,
  keyOf: (n: number) => number,
): RDD<Found> {
  return grouped.mapPartitions((groups) => {
    let [records, sum] = [0, 0];
    for (const [key, values] of groups) {
      for (const value of values) {
        const n = toNumber(value);
        if (keyOf(n) !== key) throw new Error(`${n} is in the group of ${key}`);
        sum += n;
      }
      records += values.length;
    }
    return [{ records, sum, first: 0, last: 0 }];
  });
}

/** All numbers, which must come in order. */
function countInOrder<T>(sorted: RDD<T>, toNumber: (record: T) => number): RDD<Found> {
  return sorted.mapPartitions((recordsOf) => {
    let [records, sum, first, last] = [0, 0, -1, -1];
    for (const record of recordsOf) {
      const n = toNumber(record);
      if (n < last) throw new Error(`${n} comes after ${last}`);
      if (first < 0) first = n;
      last = n;
      records += 1;
      sum += n;
    }
    return records === 0 ? [] : [{ records, sum, first, last }];
  });
}

function countPairs(pairs: RDD<readonly [number, readonly [number, number]]>): RDD<Found> {
  return pairs.mapPartitions((joined) => {
    let [records, sum] = [0, 0];
    for (const [key, [left, right]] of joined) {
      if (key !== HOT && key !== right) throw new Error(`${right} was joined to the key ${key}`);
      records += 1;
      sum += left;
    }
    return [{ records, sum, first: 0, last: 0 }];
  });
}

const all = (records: number) => ({ records, sum: sumBelow(records) });

const cases: Readonly<Record<string, Case>> = {
  group: {
    run(ssc, records) {
      const keys = records / PER_KEY;
      const keyOf = (n: number): number => (n * STRIDE) % keys;
      const pairs = ssc.range(0, records).map((n): [number, number] => [keyOf(n), n]);
      return countGroups(
        pairs.groupByKey(),
        (n) => n,
        (n) => keyOf(n),
      );
    },
    expected: all,
  },
  join: {
    run(ssc, records) {
      const keys = records / PER_KEY;
      const left = ssc.range(0, records).map((n): [number, number] => [(n * STRIDE) % keys, n]);
      const right = ssc.range(0, keys).map((n): [number, number] => [n, n]);
      return countPairs(left.join(right));
    },
    expected: all,
  },
  "sort-numbers": {
    run(ssc, records) {
      const shuffled = ssc.range(0, records).map((n) => (n * STRIDE) % records);
      return countInOrder(
        shuffled.sortBy((n) => n),
        (n) => n,
      );
    },
    expected: all,
  },
  "sort-objects": {
    run(ssc, records) {
      const shuffled = ssc.range(0, records).map((n) => {
        const id = (n * STRIDE) % records;
        return { id, name: `customer-${id}`, balance: n / 100 };
      });
      return countInOrder(
        shuffled.sortBy(({ id }) => id),
        ({ id }) => id,
      );
    },
    expected: all,
  },
  "half-one-key": {
    run(ssc, records) {
      const keys = records / PER_KEY;
      const keyOf = (n: number): number => (n % 2 === 0 ? HOT : n % keys);
      const pairs = ssc.range(0, records).map((n): [number, number] => [keyOf(n), n]);
      return countGroups(
        pairs.groupByKey(),
        (n) => n,
        (n) => keyOf(n),
      );
    },
    expected: all,
  },
  "hot-numbers": {
    run(ssc, records) {
      const pairs = ssc.range(0, records / 2).map((n): [number, number] => [HOT, n]);
      return countGroups(
        pairs.groupByKey(),
        (n) => n,
        () => HOT,
      );
    },
    expected: (records) => all(records / 2),
  },
  "hot-texts": {
    run(ssc, records) {
      const pairs = ssc.range(0, records / 2).map((n): [number, string] => [HOT, `value-${n}`]);
      return countGroups(
        pairs.groupByKey(),
        (text) => Number(text.slice(6)),
        () => HOT,
      );
    },
    expected: (records) => all(records / 2),
  },
  "hot-join": {
    run(ssc, records) {
      const left = ssc.range(0, records / 2).map((n): [number, number] => [HOT, n]);
      const right = ssc.range(0, 2).map((n): [number, number] => [HOT, n]);
      return countPairs(left.join(right));
    },
    expected: (records) => ({ records, sum: 2 * sumBelow(records / 2) }),
  },
};

function check(found: readonly Found[], expected: { readonly records: number; readonly sum: number }): void {
  const records = found.reduce((total, one) => total + one.records, 0);
  const sum = found.reduce((total, one) => total + one.sum, 0);
  if (records !== expected.records || sum !== expected.sum) {
    throw new Error(`${records} records with the sum ${sum}; expected: ${expected.records} with ${expected.sum}`);
  }
  found.forEach(({ first }, i) => {
    const before = found[i - 1]?.last ?? 0;
    if (first < before) throw new Error(`a partition begins with ${first}, the one before it ends with ${before}`);
  });
}

export default defineJob({ name: "bench-large-batch", batchInterval: "1s" }, (ssc, args) => {
  const [name = "group", records = "10000000"] = args;
  const chosen = cases[name];
  if (chosen === undefined) throw new Error(`no case ${name}; there are ${Object.keys(cases).join(", ")}`);
  ssc.queueStream([[Number(records)]]).foreachRDD(async (rdd) => {
    for (const count of await rdd.collect()) {
      const start = wallMs();
      const found = await chosen.run(ssc, count).collect();
      const end = wallMs();
      const expected = chosen.expected(count);
      check(found, expected);
      report({ start, end, records: expected.records });
    }
  });
});
