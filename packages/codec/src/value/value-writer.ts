import { ByteWriter } from "../bytes/byte-writer.ts";
import { TextBuilder } from "../bytes/text-builder.ts";
import { type ClassTable, mayBeClass } from "../class-table.ts";
import { TEXT_UNITS_MAX, throwTooLarge } from "../errors.ts";
import { BODIES, BODY, type Body, bodyOf, builtInPrototype, ERROR_KINDS, isIndexed, VIEW_KINDS } from "./bodies.ts";
import { NotEncodable } from "./not-encodable.ts";
import { SHAPE_NEW, ShapeTable } from "./shapes.ts";
import * as tag from "./tags.ts";

/** Below this depth the ancestors of an object are compared, so that a cycle is found on its second turn. */
const CYCLE_CHECK_DEPTH = 32;

/** A hook's answer about an object or function that is not written by value. */
export interface CaptureReference {
  readonly tag: string;
  readonly id: string;
  /** Values that go with it, written like any capture. */
  readonly captures?: readonly unknown[];
  /** Names of `captures`, for error messages. */
  readonly names?: readonly string[];
}

/** Makes a writer preserve identity: cycles, shared objects, and references known to the hook. */
export interface IdentityHooks {
  reference(value: object): CaptureReference | undefined;
}

interface ClassInfo {
  readonly id: string;
  readonly root: string;
  /** The built-in that the class extends, if its instances have content beyond properties. */
  readonly body: Body | undefined;
}

/**
 * Writes values in the form of `tags.ts`: the bytes here, the units of all strings in `text`, in order.
 *
 * Values are written at once, so later changes to an object have no effect. After a throw, call `reset` before further
 * use.
 */
export class ValueWriter extends ByteWriter {
  readonly text: TextBuilder = new TextBuilder();
  readonly classes: ClassTable;
  readonly #hooks: IdentityHooks | undefined;
  readonly #shapes = new ShapeTable();
  readonly #classInfo = new Map<object, ClassInfo>();
  /** Numbers of the objects written, with hooks only. */
  readonly #numbers = new Map<object, number>();
  readonly #ancestors: object[] = [];
  #depth = 0;

  constructor(classes: ClassTable, hooks?: IdentityHooks) {
    super();
    this.classes = classes;
    this.#hooks = hooks;
  }

  /** Lower bound of the size of `text` and values. */
  get size(): number {
    return this.length + this.text.units;
  }

  reset(keepBytes: number): void {
    this.clear(keepBytes);
    this.text.clear();
    this.#depth = 0;
    if (this.#ancestors.length > 0) this.#ancestors.length = 0;
    this.#shapes.reset();
    if (this.#numbers.size > 0) this.#numbers.clear();
  }

  /** @throws NotEncodable, RECORD_TOO_LARGE */
  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.string(value);
        break;
      case "number":
        this.#number(value);
        break;
      case "boolean":
        this.u8(value ? tag.TRUE : tag.FALSE);
        break;
      case "undefined":
        this.u8(tag.UNDEFINED);
        break;
      case "bigint":
        this.#bigint(value);
        break;
      case "object":
        if (value === null) this.u8(tag.NULL);
        else this.#object(value);
        break;
      case "function":
        if (this.#hooks !== undefined && this.#shared(value, this.#hooks)) return;
        throw new NotEncodable(value, "unsupported");
      default:
        throw new NotEncodable(value, "unsupported");
    }
  }

  string(text: string): void {
    const units = text.length;
    if (units > TEXT_UNITS_MAX - this.text.units) throwTooLarge(units + this.size);
    if (units <= tag.STRING_INLINE_MAX) {
      this.u8(tag.STRING_INLINE | units);
    } else {
      this.u8(tag.STRING);
      this.varint(units);
    }
    this.text.append(text);
  }

  #number(value: number): void {
    if ((value | 0) === value && (value !== 0 || Object.is(value, 0))) {
      if (value >= 0 && value <= tag.INT_INLINE_MAX) {
        this.u8(value);
        return;
      }
      this.ensure(5);
      this.bytes[this.length] = tag.INT32;
      this.view.setInt32(this.length + 1, value, true);
      this.length += 5;
      return;
    }
    this.ensure(9);
    this.bytes[this.length] = tag.FLOAT64;
    this.view.setFloat64(this.length + 1, value, true);
    this.length += 9;
  }

  #bigint(value: bigint): void {
    if (BigInt.asIntN(64, value) === value) {
      this.ensure(9);
      this.bytes[this.length] = tag.BIGINT64;
      this.view.setBigInt64(this.length + 1, value, true);
      this.length += 9;
      return;
    }
    const hex = (value < 0n ? -value : value).toString(16);
    const magnitude = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
    this.u8(tag.BIGINT);
    this.u8(value < 0n ? 1 : 0);
    this.varint(magnitude.length);
    this.raw(magnitude);
  }

  #object(value: object): void {
    if (this.#hooks !== undefined && this.#shared(value, this.#hooks)) return;
    this.#depth += 1;
    if (this.#depth > CYCLE_CHECK_DEPTH) this.#enterDeep(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) {
      this.#properties(value, "", undefined);
    } else if (prototype === Uint8Array.prototype) {
      this.#view(value as Uint8Array, prototype); // the prototype says so
    } else if (prototype === null) {
      this.#properties(value, "null", undefined);
    } else {
      const body = BODIES.get(prototype);
      if (body !== undefined) this.#body(body, value, prototype);
      else this.#instance(value);
    }
    if (this.#depth > CYCLE_CHECK_DEPTH) this.#ancestors.pop();
    this.#depth -= 1;
  }

  #enterDeep(value: object): void {
    if (this.#hooks === undefined && this.#ancestors.includes(value)) throw new NotEncodable(value, "cycle");
    if (this.#depth > tag.DEPTH_MAX) throw new NotEncodable(value, "deep");
    this.#ancestors.push(value);
  }

  /** With hooks: writes references and back-references. True when nothing remains to be written. */
  #shared(value: object, hooks: IdentityHooks): boolean {
    const number = this.#numbers.get(value);
    if (number !== undefined) {
      this.u8(tag.BACK_REFERENCE);
      this.varint(number);
      return true;
    }
    this.#numbers.set(value, this.#numbers.size);
    const reference = hooks.reference(value);
    if (reference === undefined) return false;
    const captures = reference.captures ?? [];
    this.u8(tag.REFERENCE);
    this.string(reference.tag);
    this.string(reference.id);
    this.varint(captures.length);
    this.#depth += 1;
    if (this.#depth > CYCLE_CHECK_DEPTH) this.#enterDeep(value);
    for (const capture of captures) this.write(capture);
    if (this.#depth > CYCLE_CHECK_DEPTH) this.#ancestors.pop();
    this.#depth -= 1;
    return true;
  }

  #properties(value: object, root: string, classId: string | undefined): void {
    const names = Object.keys(value);
    const shape = this.#shapes.find(root, names);
    if (shape >= 0) {
      this.u8(tag.OBJECT);
      this.varint(shape);
    } else if (shape === SHAPE_NEW) {
      this.#defineShape(root, classId, names);
    } else {
      this.u8(tag.OBJECT_ONCE);
      this.#shape(root, classId, names);
    }
    const writeAll = this.#shapes.writer;
    if (writeAll !== undefined) {
      writeAll(this, value);
      return;
    }
    const record = value as Readonly<Record<string, unknown>>; // its own names are read from it
    for (let i = 0; i < names.length; i += 1) this.write(record[names[i] ?? ""]);
  }

  #defineShape(root: string, classId: string | undefined, names: readonly string[]): void {
    const known = this.#shapes.definition;
    if (known !== undefined && known.text.length <= TEXT_UNITS_MAX - this.text.units) {
      this.raw(known.bytes);
      this.text.append(known.text);
      return;
    }
    const start = this.length;
    this.u8(tag.OBJECT_SHAPE);
    this.#shape(root, classId, names);
    this.#shapes.define(() => ({
      bytes: this.bytes.slice(start, this.length),
      text: `${classId ?? ""}${names.join("")}`,
    }));
  }

  #shape(root: string, classId: string | undefined, names: readonly string[]): void {
    if (classId === undefined) {
      this.u8(root === "" ? tag.PROTOTYPE_PLAIN : tag.PROTOTYPE_NULL);
    } else {
      this.u8(tag.PROTOTYPE_CLASS);
      this.string(classId);
    }
    this.varint(names.length);
    for (const name of names) this.string(name);
  }

  #instance(value: object): void {
    const info = this.#infoOf(value);
    if (info.body === undefined) {
      this.#properties(value, info.root, info.id);
      return;
    }
    this.u8(tag.SUBCLASS);
    this.string(info.id);
    this.#body(info.body, value, undefined);
    this.#named(
      value,
      isIndexed(info.body) ? Object.keys(value).filter((name) => !/^\d+$/.test(name)) : Object.keys(value),
    );
  }

  #infoOf(value: object): ClassInfo {
    const prototype: object = Object.getPrototypeOf(value);
    const known = this.#classInfo.get(prototype);
    if (known !== undefined) return known;
    const type: unknown = Object.hasOwn(prototype, "constructor") ? Reflect.get(prototype, "constructor") : undefined;
    if (!mayBeClass(type) || type.prototype !== prototype) throw new NotEncodable(value, "unsupported");
    const id = this.classes.idOf(type);
    if (id === undefined) throw new NotEncodable(value, "unsupported");
    const info = { id, root: `class ${id}`, body: bodyOf(value) };
    this.#classInfo.set(prototype, info);
    return info;
  }

  #named(value: object, names: readonly string[]): void {
    this.varint(names.length);
    for (const name of names) {
      this.string(name);
      this.write(Reflect.get(value, name));
    }
  }

  /** `prototype` is that of the built-in itself, or `undefined` for a subclass. */
  #body(body: Body, value: object, prototype: unknown): void {
    switch (body) {
      case BODY.array:
        this.#array(value as readonly unknown[]); // the prototype or a brand check says so, here and below
        break;
      case BODY.map:
        this.#map(value as ReadonlyMap<unknown, unknown>);
        break;
      case BODY.set:
        this.#set(value as ReadonlySet<unknown>);
        break;
      case BODY.date:
        this.u8(tag.DATE);
        this.f64((value as Date).getTime());
        break;
      case BODY.regexp:
        this.#regexp(value as RegExp);
        break;
      case BODY.buffer: {
        const bytes = new Uint8Array(value as ArrayBuffer);
        this.u8(tag.ARRAY_BUFFER);
        this.varint(bytes.byteLength);
        this.raw(bytes);
        break;
      }
      case BODY.view:
        this.#view(value as ArrayBufferView, prototype);
        break;
      case BODY.error:
        this.#error(value as Error, prototype);
        break;
    }
  }

  #array(value: readonly unknown[]): void {
    const length = value.length;
    // A regular expression match is an array with named properties; they are looked for in no other array.
    if ((value as Partial<RegExpMatchArray>).index !== undefined) {
      this.#namedArray(value);
      return;
    }
    if (length <= tag.ARRAY_INLINE_MAX) {
      this.u8(tag.ARRAY_INLINE | length);
    } else {
      this.u8(tag.ARRAY);
      this.varint(length);
    }
    for (let i = 0; i < length; i += 1) {
      const element = value[i];
      if (element === undefined && !Object.hasOwn(value, i)) {
        this.u8(tag.HOLES);
        // Ascending indices come first: the first i have been written.
        this.#named(value, Object.keys(value).slice(i));
        return;
      }
      this.write(element);
    }
  }

  #namedArray(value: readonly unknown[]): void {
    this.u8(tag.NAMED_ARRAY);
    this.varint(value.length);
    this.#named(value, Object.keys(value));
  }

  #map(value: ReadonlyMap<unknown, unknown>): void {
    this.u8(tag.MAP);
    this.varint(value.size);
    for (const [key, item] of value) {
      this.write(key);
      this.write(item);
    }
  }

  #set(value: ReadonlySet<unknown>): void {
    this.u8(tag.SET);
    this.varint(value.size);
    for (const item of value) this.write(item);
  }

  #regexp(value: RegExp): void {
    this.u8(tag.REGEXP);
    this.string(value.source);
    this.string(value.flags);
    this.#number(value.lastIndex);
  }

  #view(value: ArrayBufferView, prototype: unknown): void {
    this.u8(tag.VIEW);
    this.u8(prototype === Uint8Array.prototype ? 0 : viewKind(value, prototype));
    this.varint(value.byteLength);
    this.raw(value instanceof Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }

  #error(value: Error, prototype: unknown): void {
    this.u8(tag.ERROR);
    this.u8(ERROR_KINDS.get(prototype ?? builtInPrototype(value, ERROR_KINDS)) ?? 0);
    this.write(value.message);
    this.write(value.stack);
    const hasCause = Object.hasOwn(value, "cause");
    this.u8(hasCause ? 1 : 0);
    if (hasCause) this.write(value.cause);
    // A subclass writes its properties itself.
    this.#named(value, prototype === undefined ? [] : Object.keys(value));
  }
}

/** The number on the wire, which is 0 for Uint8Array. */
function viewKind(value: ArrayBufferView, prototype: unknown): number {
  return VIEW_KINDS.get(prototype ?? builtInPrototype(value, VIEW_KINDS)) ?? 0;
}
