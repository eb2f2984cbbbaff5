/** Converts the values in batches of graphs to JSON and back: a value that JSON lacks is an array that begins with a tag. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export function toJson(value: unknown): Json {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0) ? value : ["number", show(value)];
  if (typeof value === "bigint") return ["bigint", String(value)];
  if (value instanceof Date) return ["date", toJson(value.getTime())];
  if (value instanceof Uint8Array) return ["bytes", ...value];
  if (Array.isArray(value)) return ["array", ...value.map(toJson)];
  if (typeof value !== "object") return ["undefined"];
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toJson(part)]));
}

export function fromJson(json: Json): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (!isList(json)) return Object.fromEntries(Object.entries(json).map(([name, part]) => [name, fromJson(part)]));
  const [tag, ...parts] = json;
  switch (tag) {
    case "number":
      return Number(parts[0]);
    case "bigint":
      return BigInt(String(parts[0]));
    case "date":
      return new Date(Number(fromJson(parts[0] ?? null)));
    case "bytes":
      return Uint8Array.from(parts, Number);
    case "array":
      return parts.map(fromJson);
    default:
      return undefined;
  }
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
