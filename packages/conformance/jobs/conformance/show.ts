/**
 * A value as text, such that two texts are equal exactly if a reader of results would call the values equal: it
 * distinguishes types, contents, -0, NaN and missing values. Properties of objects are sorted by name, entries of Maps and
 * Sets by their text, because no operation defines their order.
 */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      throw new TypeError(`a result is a ${typeof value}`);
  }
}

function showObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Map) return `Map(${sorted([...value].map(([key, entry]) => `${show(key)} => ${show(entry)}`))})`;
  if (value instanceof Set) return `Set(${sorted([...value].map(show))})`;
  if (value instanceof Uint8Array) return `bytes(${[...value].join(", ")})`;
  const name: unknown = value.constructor?.name;
  const properties = sorted(
    Object.entries(value).map(([key, property]) => `${JSON.stringify(key)}: ${show(property)}`),
  );
  return `${name === "Object" ? "" : name}{${properties}}`;
}

const sorted = (texts: string[]): string => texts.sort().join(", ");
