import { type ClassTable, decodeValue, encodeValue } from "@millrace/codec";
import { plainCopy } from "./plain-copy.ts";

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

/** A copy of a state that nobody else has. */
export class OwnCopy {
  readonly value: object;

  constructor(value: object) {
    this.value = value;
  }
}

/** A state that may be replaced many times before it is kept: plain data is copied until then, and encoded once. */
export type PassingCell = StateCell | OwnCopy;

/** @throws RECORD_NOT_ENCODABLE */
export function toPassing(state: unknown, classes: ClassTable): PassingCell {
  if (typeof state === "number" || typeof state === "string") return state;
  const copy = plainCopy(state);
  return copy === undefined ? toCell(state, classes) : new OwnCopy(copy);
}

export function fromPassing(cell: PassingCell, classes: ClassTable): unknown {
  if (typeof cell !== "object") return cell;
  return cell instanceof OwnCopy ? plainCopy(cell.value) : fromCell(cell, classes);
}

export function kept(cell: PassingCell, classes: ClassTable): StateCell {
  return cell instanceof OwnCopy ? toCell(cell.value, classes) : cell;
}
