import { EngineError } from "@millrace/base";
import { PARTITIONS_MAX } from "@millrace/plan";
import { badArgument } from "../errors.ts";

/** The parts of a refusal of several arguments, which may become part of a larger refusal. */
const several = new WeakMap<EngineError, readonly EngineError[]>();

type Checks = Readonly<Record<string, () => unknown>>;
type Checked<C extends Checks> = { readonly [Name in keyof C]: ReturnType<C[Name]> };

/**
 * Runs all checks, so that an author sees all mistakes at once.
 *
 * @returns The result of each check, by its name.
 * @throws The refusal if there is only one; otherwise BAD_ARGUMENT, which lists all of them. Any other error at once.
 */
export function checkAll<C extends Checks>(operator: string, checks: C): Checked<C> {
  const refused: EngineError[] = [];
  const results = Object.entries(checks).map(([name, check]) => {
    try {
      return [name, check()];
    } catch (error) {
      if (!(error instanceof EngineError) || error.blame !== "user") throw error;
      refused.push(...(several.get(error) ?? [error]));
      return [name, undefined];
    }
  });
  const [first, ...others] = refused;
  if (first !== undefined) throw others.length === 0 ? first : severalRefused(operator, refused);
  return Object.fromEntries(results) as Checked<C>; // every check has given its result
}

function severalRefused(operator: string, refused: readonly EngineError[]): EngineError {
  const texts = refused.map(({ code, message }, i) => `(${i + 1}) ${message.replace(`[${code}] `, "")}`);
  const error = badArgument(`${refused.length} arguments of ${operator} are wrong: ${texts.join(" ")}`, {
    fields: { refused: refused.length },
  });
  several.set(error, refused);
  return error;
}

/** Checks that options are an object without unknown ones. @throws BAD_ARGUMENT */
export function checkOptions<O extends object>(options: O, known: readonly string[], operator: string): O {
  const given: unknown = options;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw badArgument(
      `the options of ${operator} are ${given === null ? "null" : Array.isArray(given) ? "an array" : typeof given}; they must be an object with ${known.join(", ")}.`,
    );
  }
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return options;
  throw badArgument(
    `${operator} has no option ${unknown.map((name) => JSON.stringify(name)).join(", ")}. It has ${known.join(", ")}.`,
  );
}

/** @throws BAD_ARGUMENT */
export function checkFlag(value: unknown, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw badArgument(`${what} is ${value === null ? "null" : typeof value}; it must be true or false.`);
}

/** @throws BAD_ARGUMENT Not a whole number from `min` to `max`. */
export function checkCount(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw badArgument(
    `${what} is ${typeof value === "number" ? value : typeof value}; it must be a whole number from ${min} to ${max}.`,
  );
}

export function checkPartitions(value: unknown, operator: string): number {
  return checkCount(value, `numPartitions of ${operator}`, 1, PARTITIONS_MAX);
}
