import { errorKind } from "@millrace/base";
import { shown } from "@millrace/codec";

/** A record is not the pair that the type of the preceding operator promised. */
const recordNotPair = errorKind("RECORD_NOT_PAIR", "user");

export type PairRecord = readonly [key: unknown, value: unknown];

/** Checks what types promise of a record but JavaScript does not enforce. @throws RECORD_NOT_PAIR */
export function pairOf(record: unknown): PairRecord {
  if (Array.isArray(record) && record.length === 2) return record as unknown as PairRecord; // just counted
  return notPair(record);
}

/** @throws RECORD_NOT_PAIR */
export function notPair(record: unknown): never {
  throw recordNotPair(
    `it was given ${shown(record)}, which is not a pair. An operator on pairs needs records of the form [key, value].`,
  );
}
