import { type ClassTable, decodeValue, encodeValue } from "@millrace/codec";

/**
 * A state as it is kept: a primitive as it is, anything else encoded, so that user code which changes the object it was
 * given changes nothing that a later attempt sees, and so that few objects burden the heap.
 */
export type StateCell = string | number | boolean | bigint | null | Uint8Array;

/** @throws RECORD_NOT_ENCODABLE A function, a symbol, a promise and the like. */
export function toCell(state: unknown, classes: ClassTable): StateCell {
  switch (typeof state) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
      return state;
    default:
      return state === null ? null : encodeValue(state, classes);
  }
}

export function fromCell(cell: StateCell, classes: ClassTable): unknown {
  return cell instanceof Uint8Array ? decodeValue(cell, classes) : cell;
}

/** -0 and 0 differ, NaN is NaN; objects are equal when they are encoded alike. */
export function sameCell(a: StateCell, b: StateCell): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return Object.is(a, b);
}
