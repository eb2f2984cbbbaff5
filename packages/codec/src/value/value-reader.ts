import type { AnyClass, ClassTable } from "../class-table.ts";
import { throwCorrupt } from "../errors.ts";
import { assign, hidden } from "./properties.ts";
import { countMade, emptyObject, type Shape, shapeOf } from "./shape-factory.ts";
import * as tag from "./tags.ts";
import { Unresolved } from "./unresolved.ts";
import { type TextBehind, ValueScanner } from "./value-scanner.ts";

/** The longest array a JS engine can make. */
const ARRAY_LENGTH_MAX = 2 ** 32 - 1;
/** Elements allocated before they are read: a damaged length must not cost memory. */
const ARRAY_AHEAD_MAX = 4096;

/** The last common plain shape: single values mostly share one shape, and each begins with its names. */
let lastPlain: Shape | undefined;

/** Creates the target of a `REFERENCE`; see `decodeCaptures`. */
export type Resolve = (tag: string, id: string, captures: unknown[]) => unknown;

/**
 * Reads values in the form of `tags.ts` from `[start, end)` of `bytes`, with strings cut from `text`.
 *
 * Any bytes yield a value or BLOCK_CORRUPT, in time and memory proportional to their length.
 */
export class ValueReader extends ValueScanner {
  readonly #classes: ClassTable;
  /** The shapes defined so far; most single values have one, and need no list. */
  #firstShape: Shape | undefined;
  #shapes: Shape[] | undefined;
  /** Objects in the order in which they began; only with `resolve`. */
  readonly #numbered: unknown[] | undefined;
  readonly #resolve: Resolve | undefined;
  #depth = 0;

  constructor(
    bytes: Uint8Array,
    range: { start: number; end: number },
    text: string | TextBehind,
    classes: ClassTable,
    resolve?: Resolve,
  ) {
    super(bytes, range, text);
    this.#classes = classes;
    this.#resolve = resolve;
    this.#numbered = resolve === undefined ? undefined : [];
  }

  /** Only for readers without `resolve`. */
  override begin(bytes: Uint8Array, range: { start: number; end: number }, text: TextBehind): void {
    super.begin(bytes, range, text);
    this.#firstShape = undefined;
    this.#shapes = undefined;
    this.#depth = 0;
  }

  read(): unknown {
    const first = this.u8();
    if (first <= tag.INT_INLINE_MAX) return first;
    if (first >= tag.STRING_INLINE) {
      if (first < tag.ARRAY_INLINE) return this.cut(first & tag.STRING_INLINE_MAX);
      if (first <= (tag.ARRAY_INLINE | tag.ARRAY_INLINE_MAX)) return this.#smallArray(first & tag.ARRAY_INLINE_MAX);
      return throwCorrupt(`tag ${first} is unknown`);
    }
    switch (first) {
      case tag.INT32:
        return this.int32(this.skip(4));
      case tag.FLOAT64:
        return this.viewed().getFloat64(this.skip(8), true);
      case tag.STRING:
        return this.cut(this.varint());
      case tag.UNDEFINED:
        return undefined;
      case tag.NULL:
        return null;
      case tag.TRUE:
        return true;
      case tag.FALSE:
        return false;
      case tag.BIGINT64:
        return this.viewed().getBigInt64(this.skip(8), true);
      case tag.BIGINT:
        return this.#bigint();
      case tag.BACK_REFERENCE:
        return this.#backReference();
      default:
        return this.#nested(first);
    }
  }

  #number(value: object): void {
    if (this.#numbered !== undefined) this.#numbered.push(value);
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > tag.DEPTH_MAX) throwCorrupt(`its values are nested deeper than ${tag.DEPTH_MAX} levels`);
  }

  #nested(first: number): unknown {
    this.#deeper();
    const value = this.#object(first);
    this.#depth -= 1;
    return value;
  }

  #object(first: number): unknown {
    switch (first) {
      case tag.OBJECT:
        return this.#shaped(this.#shapeAt(this.varint()));
      case tag.OBJECT_SHAPE: {
        const shape = this.#shape();
        if (this.#firstShape === undefined) this.#firstShape = shape;
        else this.#moreShapes(this.#firstShape).push(shape);
        return this.#shaped(shape);
      }
      case tag.OBJECT_ONCE:
        return this.#shaped(this.#shape());
      case tag.ARRAY:
        return this.#array(this.varint());
      case tag.NAMED_ARRAY:
        return this.#namedArray();
      case tag.MAP:
        return this.#map();
      case tag.SET:
        return this.#set();
      case tag.DATE:
        return this.#leaf(new Date(this.viewed().getFloat64(this.skip(8), true)));
      case tag.REGEXP:
        return this.#regexp();
      case tag.ARRAY_BUFFER:
        return this.#leaf(this.#memory(this.varint()).buffer);
      case tag.VIEW:
        return this.#leaf(this.#bytesView());
      case tag.ERROR:
        return this.#error();
      case tag.SUBCLASS:
        return this.#subclass();
      case tag.REFERENCE:
        return this.#reference();
      default:
        return throwCorrupt(`tag ${first} is unknown`);
    }
  }

  #shapeAt(number: number): Shape {
    const shape = number === 0 ? this.#firstShape : this.#shapes?.[number];
    return shape ?? throwCorrupt("a shape is used before it is defined");
  }

  #moreShapes(first: Shape): Shape[] {
    this.#shapes ??= [first];
    return this.#shapes;
  }

  #leaf<T extends object>(value: T): T {
    this.#number(value);
    return value;
  }

  #shape(): Shape {
    const kind = this.u8();
    let type: AnyClass | null | undefined = kind === tag.PROTOTYPE_NULL ? null : undefined;
    let root = kind === tag.PROTOTYPE_NULL ? "null" : "";
    if (kind === tag.PROTOTYPE_CLASS) {
      const id = this.string();
      root = `class ${id}`;
      type = this.#type(id);
    } else if (kind > tag.PROTOTYPE_CLASS) {
      throwCorrupt(`prototype kind ${kind} is unknown`);
    }
    const count = this.count();
    if (kind === tag.PROTOTYPE_PLAIN && lastPlain?.names.length === count && this.passNames(lastPlain.names)) {
      return lastPlain;
    }
    const names: string[] = [];
    for (let left = count; left > 0; left -= 1) names.push(this.string());
    const shape = shapeOf(root, names, type);
    if (kind === tag.PROTOTYPE_PLAIN && shape.compiled !== undefined) lastPlain = shape;
    return shape;
  }

  #type(id: string): AnyClass {
    return this.#classes.constructorOf(id) ?? throwCorrupt(`class "${id.slice(0, 200)}" is not one of this job`);
  }

  #shaped(shape: Shape): object {
    if (shape.compiled !== undefined && this.#numbered === undefined) return shape.compiled(this);
    const names = shape.names;
    if (names.length > this.end - this.position) throwCorrupt("an object is truncated");
    const value = emptyObject(shape);
    this.#number(value);
    for (let i = 0; i < names.length; i += 1) assign(value, names[i] ?? "", this.read());
    countMade(shape);
    return value;
  }

  #smallArray(length: number): unknown[] {
    this.#deeper();
    let value: unknown[];
    if (length === 2 && this.#numbered === undefined && this.bytes[this.position] !== tag.HOLES) {
      value = this.#two();
    } else {
      value = this.#array(length);
    }
    this.#depth -= 1;
    return value;
  }

  /** Pairs are common enough to deserve a literal. */
  #two(): unknown[] {
    const first = this.read();
    if (this.bytes[this.position] !== tag.HOLES) return [first, this.read()];
    const value = [first];
    this.position += 1;
    value.length = 2;
    this.#named(value);
    return value;
  }

  #array(length: number): unknown[] {
    if (length > ARRAY_LENGTH_MAX) throwCorrupt(`an array of ${length} elements is impossible`);
    const value: unknown[] = new Array(Math.min(length, ARRAY_AHEAD_MAX));
    this.#number(value);
    for (let i = 0; i < length; i += 1) {
      if (this.bytes[this.position] === tag.HOLES && this.position < this.end) {
        this.position += 1;
        value.length = length;
        this.#named(value);
        return value;
      }
      value[i] = this.read();
    }
    return value;
  }

  #namedArray(): unknown[] {
    const length = this.varint();
    if (length > ARRAY_LENGTH_MAX) throwCorrupt(`an array of ${length} elements is impossible`);
    const value: unknown[] = [];
    this.#number(value);
    value.length = length;
    this.#named(value);
    return value;
  }

  #named(value: object): void {
    for (let left = this.count(); left > 0; left -= 1) {
      const name = this.string();
      assign(value, name, this.read());
    }
  }

  #map(): Map<unknown, unknown> {
    const value = new Map<unknown, unknown>();
    this.#number(value);
    for (let left = this.count(); left > 0; left -= 1) {
      const key = this.read();
      value.set(key, this.read());
    }
    return value;
  }

  #set(): Set<unknown> {
    const value = new Set<unknown>();
    this.#number(value);
    for (let left = this.count(); left > 0; left -= 1) value.add(this.read());
    return value;
  }

  #bigint(): bigint {
    const negative = this.u8() === 1;
    const length = this.varint();
    const start = this.skip(length);
    if (length === 0) return 0n;
    const bytes = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length);
    const magnitude = BigInt(`0x${bytes.toString("hex")}`);
    return negative ? -magnitude : magnitude;
  }

  #regexp(): RegExp {
    const source = this.string();
    const flags = this.string();
    const value = this.#leaf(new RegExp(source, flags));
    value.lastIndex = Number(this.read());
    return value;
  }

  /** A copy of the next `length` bytes in memory of their own. */
  #memory(length: number): Uint8Array<ArrayBuffer> {
    const start = this.skip(length);
    const copy = new Uint8Array(length);
    copy.set(this.bytes.subarray(start, start + length));
    return copy;
  }

  #bytesView(): ArrayBufferView {
    const type = tag.VIEW_TYPES[this.u8()] ?? throwCorrupt("a view is of an unknown kind");
    const memory = this.#memory(this.varint());
    if (type === Uint8Array) return memory;
    if (type === Buffer) return Buffer.from(memory.buffer);
    if (type === DataView) return new DataView(memory.buffer);
    if (memory.byteLength % (type.BYTES_PER_ELEMENT ?? 1) !== 0) throwCorrupt("a view has half an element");
    return new type(memory.buffer);
  }

  #error(): Error {
    const type = tag.ERROR_TYPES[this.u8()] ?? throwCorrupt("an error is of an unknown kind");
    const value = this.#leaf(new type());
    hidden(value, "message", this.read());
    hidden(value, "stack", this.read());
    if (this.u8() === 1) hidden(value, "cause", this.read());
    this.#named(value);
    return value;
  }

  #subclass(): object {
    const type = this.#type(this.string());
    const value = this.read();
    if (typeof value !== "object" || value === null) throwCorrupt("an instance has no body");
    Object.setPrototypeOf(value, type.prototype);
    this.#named(value);
    return value;
  }

  #backReference(): unknown {
    const number = this.varint();
    const numbered = this.#numbered;
    if (numbered === undefined || number >= numbered.length) throwCorrupt("a reference has no target");
    const value = numbered[number];
    return value instanceof Unresolved ? value.forward() : value;
  }

  #reference(): unknown {
    if (this.#numbered === undefined || this.#resolve === undefined) throwCorrupt("a record holds a reference");
    const number = this.#numbered.length;
    const unresolved = new Unresolved();
    this.#numbered.push(unresolved);
    const kind = this.string();
    const id = this.string();
    const captures: unknown[] = [];
    for (let left = this.count(); left > 0; left -= 1) captures.push(this.read());
    const value = this.#resolve(kind, id, captures);
    this.#numbered[number] = value;
    unresolved.settle(value);
    return value;
  }
}
