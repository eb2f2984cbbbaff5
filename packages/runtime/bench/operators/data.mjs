// The data that all chains process, and the functions that they call.

/** The number of records in a chain: the first argument of the program. */
export const RECORDS = Number(process.argv[2] ?? 400_000);
export const KEYS = 5000;

export const numbers = Array.from({ length: RECORDS }, (_, i) => (i * 7919) % RECORDS);
/** None of them is an integer. */
export const fractions = numbers.map((n) => n + 0.25);
export const words = numbers.map((n) => `w${n % KEYS}`);
/** @type {[string, number][]} */
export const pairs = numbers.map((n) => [`w${n % KEYS}`, n % 100]);
/** One for each key. */
export const unique = Array.from({ length: KEYS }, (_, i) => [`w${i}`, i]);

export const isOdd = (n) => (n & 1) === 1;
export const double = (n) => n * 2;
export const add = (a, b) => a + b;
export const subtract = (a, b) => a - b;
export const twice = (n) => [n, n + 1];
/** Every chain, and every loop, ends in keeping the last record, so that none can be left out. */
export const latest = (_, value) => value;

/** The values below each key, by hand. */
export function grouped(array) {
  const groups = new Map();
  for (let i = 0; i < array.length; i++) {
    const [k, v] = array[i];
    const group = groups.get(k);
    if (group === undefined) groups.set(k, [v]);
    else group.push(v);
  }
  return groups;
}

/** The values of both sides below each key, by hand. */
export function cogrouped(left, right) {
  const both = new Map();
  for (let i = 0; i < left.length; i++) {
    const [k, v] = left[i];
    const known = both.get(k);
    if (known === undefined) both.set(k, [[v], []]);
    else known[0].push(v);
  }
  for (let i = 0; i < right.length; i++) {
    const [k, v] = right[i];
    const known = both.get(k);
    if (known === undefined) both.set(k, [[], [v]]);
    else known[1].push(v);
  }
  return both;
}
