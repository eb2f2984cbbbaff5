/**
 * A value as a string that shows its type and content, but not what equality of keys ignores: `-0` is `0`, and
 * properties are sorted by name.
 */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `Bytes(${value.join(" ")})`;
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  const properties = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}: ${show(Reflect.get(value, name))}`);
  return `{${properties.join(", ")}}`;
}

/** In an order that does not depend on the original one. */
export function sorted<T>(values: readonly T[]): T[] {
  return values
    .map((value) => ({ value, text: show(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ value }) => value);
}
