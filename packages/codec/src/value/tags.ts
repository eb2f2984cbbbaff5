/**
 * The tagged binary form of a value, version 1. A value begins with one byte:
 *
 *   0x00..0x3f  the number 0..63
 *   0x40..0x6f  a tag below
 *   0x80..0xbf  a string of 0..63 code units
 *   0xc0..0xdf  an array of 0..31 elements without holes
 *
 * A string is encoded as its length only: the units of all strings are concatenated in a separate text, so that a frame
 * needs one decoding and one cut per string. `varint` is LEB128; all else is little-endian.
 */
export const INT_INLINE_MAX = 63;
export const STRING_INLINE = 0x80;
export const STRING_INLINE_MAX = 63;
export const ARRAY_INLINE = 0xc0;
export const ARRAY_INLINE_MAX = 31;

export const UNDEFINED = 0x40;
export const NULL = 0x41;
export const TRUE = 0x42;
export const FALSE = 0x43;
/** int32 */
export const INT32 = 0x44;
/** float64 */
export const FLOAT64 = 0x45;
/** varint units */
export const STRING = 0x46;
/** int64 */
export const BIGINT64 = 0x47;
/** u8 1 when negative, varint bytes, magnitude as bytes, most significant first */
export const BIGINT = 0x48;
/** float64 ms, NaN when invalid */
export const DATE = 0x49;
/** source string, flags string, lastIndex value */
export const REGEXP = 0x4a;
/** varint length, elements */
export const ARRAY = 0x4b;
/** varint length, varint properties, (name string, value)… : an array that has named properties too */
export const NAMED_ARRAY = 0x4c;
/** varint size, (key, value)… */
export const MAP = 0x4d;
/** varint size, values */
export const SET = 0x4e;
/** varint shape number (counted from 0 in order of definition), values */
export const OBJECT = 0x4f;
/** u8 prototype kind, class id string when it is a class, varint properties, names; defines a shape; values */
export const OBJECT_SHAPE = 0x50;
/** as OBJECT_SHAPE, without defining a shape */
export const OBJECT_ONCE = 0x51;
/** varint bytes, bytes */
export const ARRAY_BUFFER = 0x52;
/** u8 kind, varint bytes, bytes */
export const VIEW = 0x53;
/** u8 kind, message value, stack value, u8 1 when a cause follows, cause, varint properties, (name, value)… */
export const ERROR = 0x54;
/** class id string, a value of a built-in kind, varint properties, (name, value)… */
export const SUBCLASS = 0x55;
/** varint number of an object written before (captures only) */
export const BACK_REFERENCE = 0x56;
/** tag string, id string, varint captures, values (captures only) */
export const REFERENCE = 0x57;
/** In place of an element: varint properties, (name string, value)… are the rest of the array, which has holes */
export const HOLES = 0x58;

export const PROTOTYPE_PLAIN = 0;
export const PROTOTYPE_NULL = 1;
export const PROTOTYPE_CLASS = 2;

/** The constructors differ in statics that are not used here. */
interface ViewType {
  readonly prototype: ArrayBufferView;
  readonly BYTES_PER_ELEMENT?: number;
  new (memory: ArrayBuffer): ArrayBufferView;
}
interface ErrorType {
  readonly prototype: Error;
  new (message?: string): Error;
}

/** Views of bytes; position is the kind on the wire. */
export const VIEW_TYPES: readonly ViewType[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  BigUint64Array,
  BigInt64Array,
  Float32Array,
  Float64Array,
  DataView,
  Buffer,
];

/** Built-in errors; position is the kind on the wire. */
export const ERROR_TYPES: readonly ErrorType[] = [
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
];

/** Deeper values are refused on both sides: the coder recurses, and the stack is limited. */
export const DEPTH_MAX = 1000;
