import type { AnyFunction, Op } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { op, TestSlot } from "../../testkit/test-slot.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

/** An operator with its meaning on plain arrays. Records are pairs of numbers throughout, so that any order of operators fits. */
interface Step {
  readonly kind: Op["kind"];
  readonly fn: AnyFunction;
  readonly meaning: (records: Pair[]) => Pair[];
}
type Pair = [number, number];

const perRecord: Record<string, (n: number) => Step> = {
  map: (n) => {
    const fn = ([k, v]: Pair): Pair => [v, k + n];
    return { kind: "map", fn, meaning: (all) => all.map(fn) };
  },
  filter: (n) => {
    const fn = ([k, v]: Pair) => (k + v + n) % 3 !== 0;
    return { kind: "filter", fn, meaning: (all) => all.filter(fn) };
  },
  flatMap: (n) => {
    const fn = ([k, v]: Pair): Pair[] => Array.from({ length: (k + n) & 3 }, (_, i) => [k + i, v]);
    return { kind: "flatMap", fn, meaning: (all) => all.flatMap(fn) };
  },
  flatMapGenerator: (n) => {
    const fn = function* ([k, v]: Pair): Generator<Pair> {
      for (let i = 0; i < ((v + n) & 3); i++) yield [k, i];
    };
    return { kind: "flatMap", fn, meaning: (all) => all.flatMap((pair) => [...fn(pair)]) };
  },
  mapValues: (n) => {
    const fn = (v: number) => v * 2 + n;
    return { kind: "mapValues", fn, meaning: (all) => all.map(([k, v]) => [k, fn(v)]) };
  },
  flatMapValues: (n) => {
    const fn = (v: number) => new Set([v, v + (n & 1)]);
    return {
      kind: "flatMapValues",
      fn,
      meaning: (all) => all.flatMap(([k, v]) => [...fn(v)].map((w): Pair => [k, w])),
    };
  },
  mapPartitions: (n) => {
    const fn = function* (all: Iterable<Pair>): Generator<Pair> {
      let i = 0;
      for (const [k, v] of all) if (i++ % 4 !== n % 4) yield [k, v + i];
    };
    return { kind: "mapPartitions", fn, meaning: (all) => [...fn(all)] };
  },
  mapPartitionsAsync: (n) => {
    const meaning = (all: Pair[]): Pair[] => [...all].reverse().slice(0, 50 + n);
    return { kind: "mapPartitions", fn: async (all: Iterable<Pair>) => meaning([...all]), meaning };
  },
};

const step = fc
  .tuple(fc.constantFrom(...Object.keys(perRecord)), fc.nat(5))
  .map(([name, n]) => (perRecord[name] as (n: number) => Step)(n));
const records = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 60 });

test("a compiled chain gives what its operators mean on arrays", async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.array(step, { maxLength: 5 }), async (input, steps) => {
      const result = await slot.collect(input, {
        ops: steps.map(({ kind }, i) => op(kind, i)),
        functions: steps.map(({ fn }) => fn),
      });
      expect(result).toEqual(steps.reduce<Pair[]>((all, { meaning }) => meaning(all), input as Pair[]));
    }),
    { numRuns: 150 },
  );
});
