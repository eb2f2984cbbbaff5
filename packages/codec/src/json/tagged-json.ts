import { types } from "node:util";
import { type AnyClass, type ClassTable, mayBeClass } from "../class-table.ts";
import { assign, hidden } from "../value/properties.ts";
import { DEPTH_MAX, ERROR_TYPES, VIEW_TYPES } from "../value/tags.ts";

/** What `JSON.stringify` writes and `JSON.parse` reads without loss. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

type Fields = { readonly [name: string]: Json };

/** Thrown by {@link fromTaggedJson}: what is wrong, and where. */
class BadTaggedJson extends Error {
  override readonly name = "BadTaggedJson";
}

/**
 * A record as JSON, in the notation of docs/formats/json.md: what JSON has is written as it is; everything else, as an object whose
 * only name says what it is, such as `{"$bigint": "7"}`. A plain object that looks like that is put into `{"$object": …}`.
 *
 * @param classes Names the classes of instances.
 */
export function toTaggedJson(value: unknown, classes: ClassTable): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: numberText(value) };
    case "bigint":
      return { $bigint: String(value) };
    case "object":
      return value === null ? null : objectToJson(value, classes);
    default:
      return { $undefined: true }; // records have no functions and no symbols
  }
}

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

function objectToJson(value: object, classes: ClassTable): Json {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return plainToJson(value, classes);
  if (prototype === null) return { $null: fieldsOf(value, classes) };
  const type: unknown = typeof prototype === "object" && prototype !== null ? prototype.constructor : undefined;
  const id = mayBeClass(type) && type.prototype === prototype ? classes.idOf(type) : undefined;
  const body = bodyToJson(value, classes, id === undefined);
  if (id === undefined) return body ?? plainToJson(value, classes);
  const indexed = Array.isArray(value) || ArrayBuffer.isView(value);
  const fields = fieldsOf(value, classes, indexed ? isIndex : undefined);
  return { $class: body === undefined ? [id, fields] : [id, fields, body] };
}

function plainToJson(value: object, classes: ClassTable): Json {
  const fields = fieldsOf(value, classes);
  const [first, second] = Object.keys(fields);
  return first?.startsWith("$") === true && second === undefined ? { $object: fields } : fields;
}

function fieldsOf(value: object, classes: ClassTable, skip: (name: string) => boolean = () => false): Fields {
  const fields: Record<string, Json> = {};
  for (const [name, field] of Object.entries(value)) {
    if (!skip(name)) assign(fields, name, toTaggedJson(field, classes));
  }
  return fields;
}

/** What a built-in object holds beyond its properties; `undefined` of others. @param whole With properties of arrays and errors. */
function bodyToJson(value: object, classes: ClassTable, whole: boolean): Json | undefined {
  const json = (part: unknown): Json => toTaggedJson(part, classes);
  if (Array.isArray(value)) return arrayToJson(value, classes, whole);
  if (types.isMap(value)) return { $map: [...Map.prototype.entries.call(value)].map(([k, v]) => [json(k), json(v)]) };
  if (types.isSet(value)) return { $set: [...Set.prototype.values.call(value)].map(json) };
  if (types.isDate(value)) {
    const time = Date.prototype.getTime.call(value);
    return { $date: Number.isNaN(time) ? null : new Date(time).toISOString() };
  }
  if (types.isRegExp(value)) {
    const of = (name: "source" | "flags"): string => String(Reflect.get(RegExp.prototype, name, value));
    return { $regexp: [of("source"), of("flags"), json(value.lastIndex)] };
  }
  if (ArrayBuffer.isView(value)) return { $bytes: viewToJson(value) };
  if (types.isArrayBuffer(value)) return { $bytes: ["ArrayBuffer", base64(new Uint8Array(value))] };
  if (types.isNativeError(value)) return errorToJson(value, classes, whole);
  return undefined;
}

function arrayToJson(value: readonly unknown[], classes: ClassTable, whole: boolean): Json {
  const names = Object.keys(value);
  const dense = names.length === value.length || (!whole && names.filter(isIndex).length === value.length);
  if (dense) return Array.from({ length: value.length }, (_, i) => toTaggedJson(value[i], classes));
  const entries = names.filter((name) => whole || isIndex(name));
  return {
    $array: { length: value.length, ...fieldsOf(value, classes, (name) => !entries.includes(name)) },
  };
}

const isIndex = (name: string): boolean => /^(0|[1-9]\d*)$/.test(name);

function errorToJson(value: Error, classes: ClassTable, whole: boolean): Json {
  const kind = (whole ? ERROR_TYPES.findLast((type) => value instanceof type) : undefined) ?? Error;
  const { message, stack, cause } = value;
  return {
    $error: {
      kind: kind.name,
      message: toTaggedJson(message, classes),
      stack: toTaggedJson(stack, classes),
      ...(Object.hasOwn(value, "cause") ? { cause: toTaggedJson(cause, classes) } : {}),
      fields: whole ? fieldsOf(value, classes) : {},
    },
  };
}

const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);

/** An instance of a class has not the getters of what its class extends, if {@link PlaceholderClasses} made it. */
function viewToJson(value: ArrayBufferView): readonly Json[] {
  const from = types.isDataView(value) ? DataView.prototype : TYPED_ARRAY;
  const of = (name: string | symbol): unknown => Reflect.get(from, name, value);
  const memory = of("buffer") as ArrayBufferLike; // of any view
  const bytes = new Uint8Array(memory, Number(of("byteOffset")), Number(of("byteLength")));
  return [Buffer.isBuffer(value) ? "Buffer" : String(of(Symbol.toStringTag)), base64(bytes)];
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/**
 * The inverse of {@link toTaggedJson}.
 *
 * @throws {BadTaggedJson}
 */
export function fromTaggedJson(json: unknown, classes: ClassTable): unknown {
  return new TaggedReader(classes).read(json, "", 0);
}

class TaggedReader {
  readonly #classes: ClassTable;

  constructor(classes: ClassTable) {
    this.#classes = classes;
  }

  read(json: unknown, at: string, depth: number): unknown {
    if (typeof json !== "object" || json === null) return json;
    if (depth > DEPTH_MAX) throw bad(at, `values are nested deeper than ${DEPTH_MAX} levels`);
    if (Array.isArray(json)) return json.map((element, i) => this.read(element, `${at}[${i}]`, depth + 1));
    const [entry, other] = Object.entries(json);
    if (entry?.[0].startsWith("$") !== true || other !== undefined) return this.#fields({}, json, at, depth);
    return this.#tagged(entry[0], entry[1], `${at}.${entry[0]}`, depth + 1);
  }

  #tagged(name: string, content: unknown, at: string, depth: number): unknown {
    switch (name) {
      case "$undefined":
        return undefined;
      case "$number":
        return numberOf(content) ?? wrong(at, content, '"NaN", "Infinity", "-Infinity" or "-0"');
      case "$bigint":
        if (typeof content !== "string" || !/^-?\d+$/.test(content)) return wrong(at, content, "digits in quotes");
        return BigInt(content);
      case "$date": {
        const date = new Date(
          content === null ? Number.NaN : typeof content === "string" ? content : wrongDate(at, content),
        );
        return content !== null && Number.isNaN(date.getTime()) ? wrongDate(at, content) : date;
      }
      case "$regexp":
        return this.#regexp(list(at, content), at);
      case "$map":
        return new Map(list(at, content).map((pair, i) => this.#pair(pair, `${at}[${i}]`, depth)));
      case "$set":
        return new Set(list(at, content).map((element, i) => this.read(element, `${at}[${i}]`, depth)));
      case "$bytes":
        return bytesOf(list(at, content), at);
      case "$array": {
        const { length, ...fields } = fieldsIn(at, content);
        if (typeof length !== "number" || !Number.isInteger(length) || length < 0) return wrong(at, length, "a length");
        const array: unknown[] = [];
        array.length = length;
        return this.#fields(array, fields, at, depth);
      }
      case "$error":
        return this.#error(fieldsIn(at, content), at, depth);
      case "$null":
        return this.#fields(Object.create(null), fieldsIn(at, content), at, depth);
      case "$object":
        return this.#fields({}, fieldsIn(at, content), at, depth);
      case "$class":
        return this.#instance(list(at, content), at, depth);
      default:
        throw bad(
          at,
          `${JSON.stringify(name)} is not known: write {"$object": …} around an object whose only name begins with "$"`,
        );
    }
  }

  #fields<T extends object>(target: T, json: object, at: string, depth: number): T {
    for (const [name, field] of Object.entries(json))
      assign(target, name, this.read(field, `${at}.${name}`, depth + 1));
    return target;
  }

  #pair(json: unknown, at: string, depth: number): [unknown, unknown] {
    const pair = list(at, json);
    if (pair.length !== 2) return wrong(at, json, "a key and a value");
    return [this.read(pair[0], `${at}[0]`, depth), this.read(pair[1], `${at}[1]`, depth)];
  }

  #regexp([source, flags, lastIndex = 0]: readonly unknown[], at: string): RegExp {
    if (typeof source !== "string" || typeof flags !== "string") return wrong(at, source, "a source and flags");
    try {
      const value = new RegExp(source, flags);
      value.lastIndex = Number(lastIndex);
      return value;
    } catch (error) {
      throw bad(at, String(error));
    }
  }

  #error(json: Readonly<Record<string, unknown>>, at: string, depth: number): Error {
    const { kind, message, stack, fields } = json;
    const type = ERROR_TYPES.find((one) => one.name === kind) ?? wrong(at, kind, "the name of a built-in error");
    const value = new type();
    hidden(value, "message", this.read(message, `${at}.message`, depth));
    hidden(value, "stack", this.read(stack, `${at}.stack`, depth));
    if (Object.hasOwn(json, "cause")) hidden(value, "cause", this.read(json.cause, `${at}.cause`, depth));
    return this.#fields(value, fieldsIn(at, fields ?? {}), at, depth);
  }

  #instance([id, fields, body]: readonly unknown[], at: string, depth: number): object {
    const type = typeof id === "string" ? this.#classes.constructorOf(id) : undefined;
    if (type === undefined) return wrong(at, id, "the id of a class");
    const held = body === undefined ? {} : this.read(body, `${at}[2]`, depth);
    if (typeof held !== "object" || held === null) return wrong(at, body, "what the instance holds");
    if (this.#classes instanceof PlaceholderClasses && body !== undefined) this.#classes.extend(type, held);
    Object.setPrototypeOf(held, type.prototype);
    return this.#fields(held, fieldsIn(at, fields), at, depth);
  }
}

function numberOf(text: unknown): number | undefined {
  if (text === "-0") return -0;
  return text === "NaN" || text === "Infinity" || text === "-Infinity" ? Number(text) : undefined;
}

function bytesOf([kind, text]: readonly unknown[], at: string): ArrayBuffer | ArrayBufferView {
  if (typeof text !== "string") return wrong(at, text, "bytes in base64");
  const bytes = new Uint8Array(Buffer.from(text, "base64")).buffer;
  if (kind === "ArrayBuffer") return bytes;
  if (kind === "Buffer") return Buffer.from(bytes);
  const type = VIEW_TYPES.find(({ prototype }) => prototype.constructor.name === kind);
  if (type === undefined) return wrong(at, kind, "the name of a typed array");
  if (bytes.byteLength % (type.BYTES_PER_ELEMENT ?? 1) !== 0) return wrong(at, text, "whole elements");
  return new type(bytes);
}

function list(at: string, json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : wrong(at, json, "an array");
}

function fieldsIn(at: string, json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return wrong(at, json, "an object");
  return Object.fromEntries(Object.entries(json));
}

const wrongDate = (at: string, json: unknown): never => wrong(at, json, "a date as toISOString writes it, or null");

function wrong(at: string, json: unknown, want: string): never {
  throw bad(at, `want ${want}, not ${JSON.stringify(json)?.slice(0, 100)}`);
}

const bad = (at: string, why: string): BadTaggedJson => new BadTaggedJson(`${at === "" ? "the value" : at}: ${why}`);

/** Stands in for the classes of a job, which only the job has: an id and properties survive, methods do not. */
export class PlaceholderClasses implements ClassTable {
  readonly #types = new Map<string, AnyClass>();
  readonly #ids = new Map<AnyClass, string>();

  idOf(type: AnyClass): string | undefined {
    return this.#ids.get(type);
  }

  constructorOf(id: string): AnyClass {
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    const type = class {};
    this.#types.set(id, type);
    this.#ids.set(type, id);
    return type;
  }

  /** @param held An object of the built-in class that the class extends. */
  extend(type: AnyClass, held: object): void {
    Object.setPrototypeOf(type.prototype, Object.getPrototypeOf(held));
  }
}
