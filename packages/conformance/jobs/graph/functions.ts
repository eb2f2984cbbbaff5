// Functions of operators that take any record: named, so that a graph, which is data, can refer to them. They see values
// only through `show`, so that equal keys yield equal results, whichever of them represents the others.
import { show, sorted } from "./show.ts";

type Pair = readonly [unknown, unknown];

/** 0 to 9. */
export function weigh(value: unknown): number {
  let sum = 0;
  for (const char of show(value)) sum += char.codePointAt(0) ?? 0;
  return sum % 10;
}

/** A filter may let a key of a window go only once nothing of it is left there: sums of these are 0 then, and not before. */
export const positive = (value: unknown): number => weigh(value) + 1;

/** Of pairs, whatever was known of where they are: sorted ones are placed by ranges, which not every key has an order for. */
export const same = (value: unknown): unknown => value;

export const label = (value: unknown): string => show(value);
export const pairUp = (value: unknown): [unknown, number] => [value, weigh(value)];
export const pairByWeight = (value: unknown): [number, string] => [weigh(value) % 4, show(value)];
export const twiceOrNot = (value: unknown): unknown[] => (weigh(value) % 2 === 0 ? [value, value] : []);
export const isHeavy = (value: unknown): boolean => weigh(value) > 4;

export const labelIfHeavy = (value: unknown): string | undefined => (isHeavy(value) ? label(value) : undefined);

export const sum = (a: number, b: number): number => a + b;
export const minus = (a: number, b: number): number => a - b;
/** Associative, and reveals the order of its parts. */
export const chain = (a: string, b: string): string => `${a}|${b}`;

export const countAll = (values: Iterable<unknown>): number[] => [[...values].length];
export const runningCount = (values: Iterable<unknown>): string[] =>
  [...values].map((value, i) => `${i} ${show(value)}`);
export const withIndex = (index: number, values: Iterable<unknown>): [number, unknown][] =>
  [...values].map((value) => [index, value]);
export async function* slowly(values: Iterable<unknown>): AsyncGenerator<unknown> {
  for (const value of values) {
    await Promise.resolve();
    yield value;
  }
}

export const lengths = (a: Iterable<unknown>, b: Iterable<unknown>): string[] => [`${[...a].length}, ${[...b].length}`];

export const list = (value: unknown): unknown[] => [value];
export const addToList = (values: readonly unknown[], value: unknown): unknown[] => [...values, value];
/** Changes the list that it is given. */
export function addInPlace(values: unknown[], value: unknown): unknown[] {
  values.push(value);
  return values;
}
export const joinLists = (a: readonly unknown[], b: readonly unknown[]): unknown[] => [...a, ...b];
export const sortedList = (values: readonly unknown[]): unknown[] => sorted(values);
export const allSorted = (lists: readonly (readonly unknown[])[]): unknown[] => lists.map(sorted);
export const bothSorted = ([a, b]: readonly [readonly unknown[], readonly unknown[]]) => [sorted(a), sorted(b)];

export const valueIsNotZero = ([, value]: Pair): boolean => value !== 0;

/** Forgets a key past 40. */
export function total(values: readonly number[], state: number | undefined): number | undefined {
  const after = values.reduce(sum, state ?? 0);
  return after > 40 ? undefined : after;
}

/** Forgets a key that had nothing for a batch. */
export function history(values: readonly string[], state: string | undefined): string | undefined {
  if (values.length === 0) return undefined;
  return [...(state === undefined ? [] : [state]), ...values].join("|");
}

/** Keeps keys whose total is not a multiple of 5. */
export function* totals(
  entries: Iterable<readonly [unknown, readonly number[], number | undefined]>,
): Generator<[unknown, number]> {
  for (const [key, values, state] of entries) {
    const after = values.reduce(sum, state ?? 0);
    if (after % 5 !== 0) yield [key, after];
  }
}

interface State {
  getOption(): number | undefined;
  update(state: number): void;
  remove(): void;
  isTimingOut(): boolean;
}

/** Forgets a key past 20; for a key that times out, returns its last total. */
export function runningTotal(key: unknown, value: number | undefined, state: State): [unknown, number] | undefined {
  const before = state.getOption() ?? 0;
  if (value === undefined || state.isTimingOut()) return [key, -before];
  const after = before + value;
  if (after > 20) state.remove();
  else state.update(after);
  return after % 2 === 0 ? [weigh(key) % 3, after] : undefined;
}

/** Places keys otherwise than their hash does. */
export const byWeight = {
  numPartitions: 2,
  getPartition: (key: unknown): number => weigh(key) % 2,
};

/** The defined part of numbers whose sums may be computed in any order. */
export const rounded = (n: number): string => n.toPrecision(9);
