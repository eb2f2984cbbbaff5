import { type ClassTable, decodeValue } from "@millrace/codec";

/** A source of copies of an encoded value. */
export function freshValues(encoded: Uint8Array, classes: ClassTable): () => unknown {
  const first = decodeValue(encoded, classes);
  if (typeof first !== "object" || first === null) return () => first;
  return () => decodeValue(encoded, classes);
}
