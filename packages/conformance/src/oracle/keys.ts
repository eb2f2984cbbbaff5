/**
 * A string for each key, the same for keys that are equal by value: independent of the order of properties, with `-0` as
 * `0` and one `NaN`, and different for different types.
 */
function keyText(key: unknown): string {
  if (typeof key === "string") return `string ${key.length} ${key}`;
  if (typeof key !== "object" || key === null) return `${key === null ? "null" : typeof key} ${String(key)}`;
  if (key instanceof Date) return `date ${key.getTime()}`;
  if (key instanceof Uint8Array) return `bytes ${key.join(" ")}`;
  if (Array.isArray(key)) return `[${key.map(keyText).join(", ")}]`;
  const names = Object.keys(key).sort();
  return `{${names.map((name) => `${keyText(name)}: ${keyText(Reflect.get(key, name))}`).join(", ")}}`;
}

/** A map by value of its keys, in the order in which they first came. */
export class KeyedMap<K, V> {
  readonly #entries = new Map<string, [K, V]>();

  get(key: K): V | undefined {
    return this.#entries.get(keyText(key))?.[1];
  }

  has(key: K): boolean {
    return this.#entries.has(keyText(key));
  }

  set(key: K, value: V): void {
    const entry = this.#entries.get(keyText(key));
    if (entry === undefined) this.#entries.set(keyText(key), [key, value]);
    else entry[1] = value;
  }

  delete(key: K): void {
    this.#entries.delete(keyText(key));
  }

  entries(): [K, V][] {
    return [...this.#entries.values()].map(([key, value]) => [key, value]);
  }
}

/** The order of numbers, and of texts. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/** Stable. (`Array.prototype.sort` puts `undefined` last, whatever the compare function.) */
export function sorted<T>(values: readonly T[], order: (a: T, b: T) => number): T[] {
  return values
    .map((value) => ({ value }))
    .sort((a, b) => order(a.value, b.value))
    .map(({ value }) => value);
}

export function grouped<K, V>(pairs: Iterable<readonly [K, V]>): KeyedMap<K, V[]> {
  const groups = new KeyedMap<K, V[]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** The number of occurrences of each value. */
export function counted<T>(values: readonly T[]): [T, number][] {
  return grouped(values.map((value) => [value, 1] as const))
    .entries()
    .map(([value, ones]) => [value, ones.length]);
}
