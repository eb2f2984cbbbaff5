import { describeType } from "../describe.ts";
import { keyNotComparable } from "../errors.ts";

/** Refuses a key that has no equality by value. */
export function notComparable(key: unknown, what: string = describeType(key)): never {
  throw keyNotComparable(
    `A key is ${what}, which has no equality by value. The task fails. As a key use a string, number, boolean, bigint, null, ` +
      "undefined, Date, Uint8Array, or an array or plain object of those, for example an id inside it.",
    { fields: { type: what } },
  );
}

/** Own enumerable string keys of a plain object, in insertion order. @throws KEY_NOT_COMPARABLE Not a plain object. */
export function plainKeys(key: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(key);
  if (prototype !== Object.prototype && prototype !== null) notComparable(key);
  return Object.keys(key);
}
