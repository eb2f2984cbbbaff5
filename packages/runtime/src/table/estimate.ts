const DEPTH_MAX = 4;
/** The number of sampled elements of a collection; the rest count as their mean. */
const SAMPLE = 8;

/**
 * Approximate size of a value on V8's heap. Fast rather than exact: collections are sampled at their ends, and nothing
 * below depth 4 is visited.
 */
export function estimateBytes(value: unknown, depth = 0): number {
  switch (typeof value) {
    case "string":
      return 24 + value.length;
    case "number":
      return 12;
    case "bigint":
      return 32;
    case "object":
      return value === null || depth >= DEPTH_MAX ? 16 : estimateObject(value, depth + 1);
    default:
      return 8;
  }
}

function estimateObject(value: object, depth: number): number {
  if (Array.isArray(value)) return 32 + 8 * value.length + estimateArray(value, depth);
  if (ArrayBuffer.isView(value)) return 96 + value.byteLength;
  if (value instanceof Map) return 64 + 32 * value.size + estimateSome(value, value.size, depth);
  if (value instanceof Set) return 64 + 24 * value.size + estimateSome(value, value.size, depth);
  if (value instanceof ArrayBuffer) return 96 + value.byteLength;
  let bytes = 32;
  let seen = 0;
  for (const name in value) {
    bytes += 8 + estimateBytes((value as Record<string, unknown>)[name], depth); // `name` is one of its properties
    if (++seen === 4 * SAMPLE) break;
  }
  return bytes;
}

function estimateArray(values: readonly unknown[], depth: number): number {
  const { length } = values;
  if (length === 0) return 0;
  const looked = Math.min(length, SAMPLE);
  const step = length / looked;
  let bytes = 0;
  for (let i = 0; i < looked; i++) bytes += estimateBytes(values[Math.floor(i * step)], depth);
  return (bytes / looked) * length;
}

function estimateSome(values: Iterable<unknown>, size: number, depth: number): number {
  let bytes = 0;
  let looked = 0;
  for (const value of values) {
    bytes += estimateBytes(value, depth);
    if (++looked === SAMPLE) break;
  }
  return looked === 0 ? 0 : (bytes / looked) * size;
}
