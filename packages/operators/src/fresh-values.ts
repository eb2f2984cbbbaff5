import { type ClassTable, decodeValue } from "@millrace/codec";

/** A supplier of copies of an encoded value. */
export function freshValues<T = unknown>(encoded: Uint8Array, classes: ClassTable): () => T {
  const decoded = (): T => decodeValue(encoded, classes) as T; // of the type of what was encoded
  const first = decoded();
  if (typeof first !== "object" || first === null) return () => first;
  return decoded;
}
