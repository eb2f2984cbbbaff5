import { unreachable } from "@millrace/base";
import { describeType } from "../describe.ts";
import { recordNotEncodable } from "../errors.ts";

/** Why a value cannot be encoded; becomes an `EngineError` with the path where the root is known. */
export type EncodingRefusal = "unsupported" | "cycle" | "deep";

/** Internal signal of `ValueWriter`. */
export class NotEncodable extends Error {
  readonly value: unknown;
  readonly refusal: EncodingRefusal;

  constructor(value: unknown, refusal: EncodingRefusal) {
    super(refusal);
    this.value = value;
    this.refusal = refusal;
  }
}

/** The refused value at `path`, and the remedy. */
export function describeRefusal(path: string, refused: NotEncodable): string {
  switch (refused.refusal) {
    case "cycle":
      return `${path} refers back to itself. Only captured values may be cyclic: break the cycle, for example by an id`;
    case "deep":
      return `${path} is nested deeper than 1000 levels. Flatten it, for example into an array`;
    case "unsupported":
      return `${path} is ${describeType(refused.value)}. ${remedyFor(refused.value)}`;
    default:
      return unreachable(refused.refusal);
  }
}

function remedyFor(value: unknown): string {
  if (typeof value === "function") return "Send what it computes, or name it in module-level code";
  if (typeof value === "symbol") return "Use a string";
  if (value instanceof Promise) return "Await it first: the functions of mapPartitions may be async";
  if (value instanceof URL) return "Send its href";
  return (
    "Send primitives, plain objects, arrays, Map, Set, Date, RegExp, bigint, bytes, or instances of the job's own classes " +
    "(without #private fields, and declared outside the functions that run on executors); create anything tied to a process (a socket, a stream, a pool) in module-level code"
  );
}

/** `error` with the path of the offending value inside `root` if it is a refusal; else `error` itself. */
export function explainRecord(error: unknown, root: unknown): unknown {
  if (!(error instanceof NotEncodable)) return error;
  const path = findPath(root, error, "record", () => undefined);
  return recordNotEncodable(`A record cannot cross processes: ${describeRefusal(path, error)}. The task fails.`, {
    fields: { path },
  });
}

/** The walk's way into values that a hook replaces: the values shipped for them, with names. */
export type Inner = (
  value: object,
) => { readonly values: readonly unknown[]; readonly names: readonly string[] } | undefined;

interface Step {
  readonly value: unknown;
  readonly path: string;
  /** The walk leaves this object. */
  readonly leave?: boolean;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/**
 * The path from `root` to the refused value, such as `record[1].socket`; `root` alone if it is not found again. Used
 * only to report an error, so it may be slow: O(values).
 */
export function findPath(root: unknown, refused: NotEncodable, name: string, inner: Inner): string {
  const wantsCycle = refused.refusal === "cycle";
  const seen = new Set<unknown>();
  const above = new Set<unknown>();
  const pending: Step[] = [{ value: root, path: name }];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { value, path } = step;
    if (step.leave === true) {
      above.delete(value);
      continue;
    }
    if (wantsCycle ? above.has(value) : value === refused.value) return shorten(path);
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue;
    seen.add(value);
    above.add(value);
    pending.push({ value, path, leave: true });
    // One by one: there may be more values than a call takes arguments.
    for (const next of [...stepsFrom(value, path, inner)].reverse()) pending.push(next);
  }
  return name;
}

function* stepsFrom(value: object, path: string, inner: Inner): Iterable<Step> {
  const replaced = inner(value);
  if (replaced !== undefined) {
    for (const [i, item] of replaced.values.entries()) {
      const name = replaced.names[i];
      yield { value: item, path: name === undefined ? `${path}[[captured ${i}]]` : `${path} → ${name}` };
    }
  } else if (value instanceof Map) {
    let i = 0;
    for (const [key, item] of value) {
      yield { value: key, path: `${path}.keys()[${i}]` };
      yield {
        value: item,
        path: typeof key === "string" ? `${path}.get(${JSON.stringify(key)})` : `${path}.values()[${i}]`,
      };
      i += 1;
    }
  } else if (value instanceof Set) {
    let i = 0;
    for (const item of value) yield { value: item, path: `${path}.values()[${i++}]` };
  } else if (!ArrayBuffer.isView(value) && typeof value !== "function") {
    if (value instanceof Error && Object.hasOwn(value, "cause")) yield { value: value.cause, path: `${path}.cause` };
    for (const key of Object.keys(value)) yield { value: Reflect.get(value, key), path: path + member(value, key) };
  }
}

function member(value: object, key: string): string {
  if (Array.isArray(value) && /^\d+$/.test(key)) return `[${key}]`;
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

const PATH_UNITS_MAX = 300;

function shorten(path: string): string {
  return path.length <= PATH_UNITS_MAX ? path : `${path.slice(0, 200)}…${path.slice(-80)}`;
}
