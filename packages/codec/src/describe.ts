import { inspect } from "node:util";

/**
 * The type of a value, for an error message: "a function `f`", "a Promise", "an instance of class `User`". Runs no user
 * code except a name getter.
 */
export function describeType(value: unknown): string {
  switch (typeof value) {
    case "function":
      return value.name === "" ? "an anonymous function" : `the function \`${value.name}\``;
    case "symbol":
      return "a symbol";
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return `a ${typeof value}`;
  }
}

function describeObject(value: object): string {
  const name = className(value);
  if (name === undefined || name === "Object") return "an object";
  return `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}`;
}

/** Name of the class that made an object; `undefined` without one. */
function className(value: object): string | undefined {
  const maker: unknown = Reflect.get(Object.getPrototypeOf(value) ?? {}, "constructor");
  return typeof maker === "function" && maker.name !== "" ? maker.name : undefined;
}

/** A value in an error message: one short line. */
export function shown(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 5,
  });
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
