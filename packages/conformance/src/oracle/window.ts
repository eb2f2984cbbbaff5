import type { DurationLike } from "@millrace/base";
import { grouped, KeyedMap } from "./keys.ts";

export type Reduce<V> = (a: V, b: V) => V;
type Pairs<K, V> = readonly (readonly [K, V])[];

export const add = (a: number, b: number): number => a + b;
export const subtract = (a: number, b: number): number => a - b;

/** A window with an inverse function: the previous window, minus what left, plus what entered. */
export function slid<K, V>(
  before: Pairs<K, V>,
  leaving: Pairs<K, V>,
  entering: Pairs<K, V>,
  fn: Reduce<V>,
  inverse: Reduce<V>,
): (readonly [K, V])[] {
  const window = new KeyedMap<K, V>();
  for (const [key, value] of before) window.set(key, value);
  for (const [key, values] of grouped(leaving).entries()) {
    window.set(
      key,
      inverse(
        window.get(key) as V,
        values.reduce((a, b) => fn(a, b)),
      ),
    ); // what leaves was there
  }
  for (const [key, values] of grouped(entering).entries()) {
    const added = values.reduce((a, b) => fn(a, b));
    window.set(key, window.has(key) ? fn(window.get(key) as V, added) : added); // has says so
  }
  return window.entries();
}

/** The arguments after the reducing function: its inverse, if any, then length, slide and options. */
export function withInverse<V>(
  rest: readonly unknown[],
): [Reduce<V> | undefined, DurationLike, DurationLike | undefined, unknown] {
  const [inverse, ...others] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
  const [length, slide, options] = others as [DurationLike, DurationLike | undefined, unknown]; // as the API's overloads say
  return [inverse as Reduce<V> | undefined, length, slide, options];
}
