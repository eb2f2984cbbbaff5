import { type AnyFunction, functionUnknown } from "./functions.ts";

type Unary = (value: unknown) => unknown;

/**
 * The engine's own functions, by id: each a factory that takes what its use captures, like the factories of a job's
 * functions. They are pure, and ship by id alone.
 */
const FACTORIES: Readonly<Record<string, (...captures: never[]) => AnyFunction>> = {
  "millrace:pairWithOne": () => (value: unknown) => [value, 1],
  "millrace:pairWithNull": () => (value: unknown) => [value, null],
  "millrace:keyByNull": () => (value: unknown) => [null, value],
  "millrace:one": () => () => 1,
  "millrace:add": () => (a: number, b: number) => a + b,
  "millrace:subtract": () => (a: number, b: number) => a - b,
  /** Adds to the first list, which nobody else has: it was decoded, or made here. */
  "millrace:concatenate": () => (a: unknown[], b: readonly unknown[]) => {
    for (const value of b) a.push(value);
    return a;
  },
  "millrace:countNotZero": () => (pair: readonly [unknown, number]) => pair[1] !== 0,
  "millrace:keepFirst": () => (a: unknown) => a,
  "millrace:countPartition": () => (values: Iterable<unknown>) => {
    let n = 0;
    for (const _ of values) n += 1;
    return [n];
  },
  /** One number for a partition of numbers: 0 for an empty one. */
  "millrace:sumPartition": () => (values: Iterable<number>) => {
    let sum = 0;
    for (const n of values) sum += n;
    return [sum];
  },
  /** Hands the pieces of a file to a decoder of the job, which expects them to come over time. */
  "millrace:decodeFile": (decode: (bytes: AsyncIterable<Uint8Array>) => unknown) => (pieces: Iterable<Uint8Array>) =>
    decode(later(pieces)),
  "millrace:keyBy": (key: Unary) => (value: unknown) => [key(value), value],
};

async function* later<T>(values: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* values;
}

/** Ids of all engine functions. */
export const engineFunctionIds: readonly string[] = Object.keys(FACTORIES);

/**
 * The engine function of an id.
 *
 * @param captures As its use in lineage captured them.
 * @throws FUNCTION_UNKNOWN No such function: the processes run different versions.
 */
export function engineFunction(id: string, captures: readonly unknown[] = []): AnyFunction {
  const factory = FACTORIES[id];
  if (factory === undefined) {
    throw functionUnknown(`no engine function has the id ${id}. Run the same version of millrace in every process.`);
  }
  return factory(...(captures as never[])); // the planner gives each factory the captures it takes
}
