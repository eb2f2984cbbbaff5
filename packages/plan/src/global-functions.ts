import { type AnyFunction, isFunction } from "@millrace/operators";
import { functionUnknown } from "./functions.ts";

/** Namespaces and classes whose functions are identical in every process. */
const ROOTS = [
  ...["Object", "Array", "String", "Number", "Boolean", "BigInt", "Symbol", "Date", "RegExp", "Promise", "Error"],
  ...["Map", "Set", "WeakMap", "WeakSet", "ArrayBuffer", "SharedArrayBuffer", "DataView", "JSON", "Math", "Reflect"],
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"],
  ...["Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "Intl", "Buffer", "URL", "URLSearchParams"],
  ...[
    "TextEncoder",
    "TextDecoder",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
  ],
  ...["parseInt", "parseFloat", "isNaN", "isFinite", "encodeURI", "encodeURIComponent", "decodeURI"],
  ...["decodeURIComponent", "escape", "unescape", "structuredClone", "atob", "btoa", "fetch", "queueMicrotask"],
  ...["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"],
] as const;

let names: Map<unknown, string> | undefined;

/** The name of a built-in, such as `JSON.parse`; `undefined` for other functions. */
export function globalFunctionName(fn: AnyFunction): string | undefined {
  names ??= collect();
  return names.get(fn);
}

/**
 * The built-in with a name returned by {@link globalFunctionName}.
 *
 * @throws FUNCTION_UNKNOWN This process has no such built-in.
 */
export function globalFunction(name: string): AnyFunction {
  const [root = "", ...path] = name.split(".");
  let value: unknown = Reflect.get(globalThis, root); // some, such as fetch, are getters there
  for (const part of path) value = member(value, part);
  if (isFunction(value)) return value;
  throw functionUnknown(
    `this process has no built-in function ${name}. Run the same version of Node in every process.`,
  );
}

function member(owner: unknown, name: string): unknown {
  if (owner === null || (typeof owner !== "object" && typeof owner !== "function")) return undefined;
  return Object.getOwnPropertyDescriptor(owner, name)?.value;
}

function collect(): Map<unknown, string> {
  const found = new Map<unknown, string>();
  for (const root of ROOTS) {
    const value: unknown = Reflect.get(globalThis, root);
    if (typeof value === "function" && !found.has(value)) found.set(value, root);
    addMembers(found, value, root);
    const prototype = member(value, "prototype");
    if (prototype !== undefined) addMembers(found, prototype, `${root}.prototype`);
  }
  return found;
}

function addMembers(found: Map<unknown, string>, owner: unknown, path: string): void {
  if (owner === null || (typeof owner !== "object" && typeof owner !== "function")) return;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    const value: unknown = descriptor.value;
    if (typeof value === "function" && name !== "constructor" && !found.has(value)) found.set(value, `${path}.${name}`);
  }
}
