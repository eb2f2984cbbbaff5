/**
 * Approximate size of a message on the wire, never much too small. Walks plain data of strings, numbers, byte arrays,
 * arrays and objects, as the encoders of this folder create it.
 */
export function wireBytesOf(value: unknown): number {
  switch (typeof value) {
    case "string":
      return value.length * 3 + 4;
    case "number":
    case "boolean":
      return 10;
    case "object":
      break;
    default:
      return 0;
  }
  if (value === null) return 0;
  if (value instanceof Uint8Array) return value.byteLength + 6;
  if (Array.isArray(value)) return ofArray(value);
  let sum = 6;
  for (const key in value) {
    // Keys of proto maps are written too; field names are not, and hardly matter.
    sum += key.length + wireBytesOf((value as Readonly<Record<string, unknown>>)[key]); // it is an object with this key
  }
  return sum;
}

function ofArray(values: readonly unknown[]): number {
  let sum = 6;
  for (const value of values) sum += wireBytesOf(value);
  return sum;
}
