import { types } from "node:util";
import * as tag from "./tags.ts";

/** Kinds of built-in objects with content beyond properties. */
export const BODY = { array: 1, map: 2, set: 3, date: 4, regexp: 5, buffer: 6, view: 7, error: 8 } as const;
export type Body = (typeof BODY)[keyof typeof BODY];

/** By prototype. */
export const BODIES: ReadonlyMap<unknown, Body> = new Map<unknown, Body>([
  [Array.prototype, BODY.array],
  [Map.prototype, BODY.map],
  [Set.prototype, BODY.set],
  [Date.prototype, BODY.date],
  [RegExp.prototype, BODY.regexp],
  [ArrayBuffer.prototype, BODY.buffer],
  ...tag.VIEW_TYPES.map((type) => [type.prototype, BODY.view] as const),
  ...tag.ERROR_TYPES.map((type) => [type.prototype, BODY.error] as const),
]);

/** By prototype: the number on the wire. */
export const VIEW_KINDS: ReadonlyMap<unknown, number> = new Map(
  tag.VIEW_TYPES.map((type, kind) => [type.prototype, kind]),
);
export const ERROR_KINDS: ReadonlyMap<unknown, number> = new Map(
  tag.ERROR_TYPES.map((type, kind) => [type.prototype, kind]),
);

/** True if own properties of such an object include its elements. */
export function isIndexed(body: Body): boolean {
  return body === BODY.array || body === BODY.view;
}

/**
 * The kind of an object by its internal type, regardless of its prototype: for instances of classes that extend a
 * built-in.
 */
export function bodyOf(value: object): Body | undefined {
  if (Array.isArray(value)) return BODY.array;
  if (types.isMap(value)) return BODY.map;
  if (types.isSet(value)) return BODY.set;
  if (types.isDate(value)) return BODY.date;
  if (types.isRegExp(value)) return BODY.regexp;
  if (types.isAnyArrayBuffer(value)) return BODY.buffer;
  if (ArrayBuffer.isView(value)) return BODY.view;
  return types.isNativeError(value) ? BODY.error : undefined;
}

/** The nearest prototype among `known`. */
export function builtInPrototype(value: object, known: ReadonlyMap<unknown, number>): unknown {
  let prototype: unknown = Object.getPrototypeOf(value);
  while (typeof prototype === "object" && prototype !== null && !known.has(prototype)) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype;
}
