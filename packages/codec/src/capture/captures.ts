import type { ClassTable } from "../class-table.ts";
import { captureNotShippable } from "../errors.ts";
import { describeRefusal, findPath, type Inner, NotEncodable } from "../value/not-encodable.ts";
import { beginValue, corruptIfBroken, finishValue, openValue } from "../value/value.ts";
import { type CaptureReference, ValueWriter } from "../value/value-writer.ts";

export interface CaptureEncodeHooks {
  readonly classes: ClassTable;
  /** Called once for each function and object before it is written by value. `undefined`: by value. */
  reference(value: object): CaptureReference | undefined;
  /** The author's name for capture `index` of set `set`: the variable. By default `captures[set][index]`. */
  describe?(set: number, index: number): string;
}

export interface CaptureDecodeHooks {
  readonly classes: ClassTable;
  /**
   * Creates the target of a reference. When functions capture each other, one is resolved first: its captures contain a
   * function that forwards to the other once that is resolved, so `captures` must not be called here.
   */
  resolve(tag: string, id: string, captures: unknown[]): unknown;
}

/**
 * Writes sets of captured values, one set per function. Cycles and shared objects are preserved, across sets too;
 * functions, broadcast variables and accumulators are written as `(tag, id, captures)` where the hook says so.
 *
 * @throws CAPTURE_NOT_SHIPPABLE Names the path from the variable, such as `pool.sockets[0]`.
 * @throws RECORD_TOO_LARGE
 */
export function encodeCaptures(values: readonly (readonly unknown[])[], hooks: CaptureEncodeHooks): Uint8Array {
  const writer = new ValueWriter(hooks.classes, hooks);
  beginValue(writer);
  writer.varint(values.length);
  for (const [set, captures] of values.entries()) {
    writer.varint(captures.length);
    for (const [index, value] of captures.entries()) {
      try {
        writer.write(value);
      } catch (error) {
        throw error instanceof NotEncodable ? explainCapture(error, value, { set, index }, hooks) : error;
      }
    }
  }
  return finishValue(writer);
}

/** The inverse of {@link encodeCaptures}. @throws BLOCK_CORRUPT, and what `resolve` throws. */
export function decodeCaptures(bytes: Uint8Array, hooks: CaptureDecodeHooks): unknown[][] {
  let failure: { readonly error: unknown } | undefined;
  const resolve = (tag: string, id: string, captures: unknown[]): unknown => {
    try {
      return hooks.resolve(tag, id, captures);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    return corruptIfBroken(() => {
      const reader = openValue(bytes, hooks.classes, resolve);
      const sets: unknown[][] = [];
      for (let left = reader.varint(); left > 0; left -= 1) {
        const captures: unknown[] = [];
        for (let more = reader.varint(); more > 0; more -= 1) captures.push(reader.read());
        sets.push(captures);
      }
      reader.finish();
      return sets;
    });
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
}

function explainCapture(
  refused: NotEncodable,
  value: unknown,
  at: { readonly set: number; readonly index: number },
  hooks: CaptureEncodeHooks,
): Error {
  const inner: Inner = (object) => {
    const reference = hooks.reference(object);
    return reference === undefined ? undefined : { values: reference.captures ?? [], names: reference.names ?? [] };
  };
  const name = hooks.describe?.(at.set, at.index) ?? `captures[${at.set}][${at.index}]`;
  const path = findPath(value, refused, name, inner);
  return captureNotShippable(
    `A function handed to an operator captures \`${path}\`, which cannot be shipped: ${describeRefusal(path, refused)}.`,
    { fields: { path, set: at.set, index: at.index } },
  );
}
