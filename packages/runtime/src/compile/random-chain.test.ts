import type { AnyFunction } from "@millrace/operators";
import { fnSlot, type Op } from "@millrace/plan";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

/** Operators with their meaning on plain arrays. Records are pairs of numbers before and after, so that any order of steps fits. */
interface Step {
  readonly ops: readonly { readonly kind: Op["kind"]; readonly fn: AnyFunction }[];
  readonly meaning: (records: Pair[]) => Pair[];
}
type Pair = [number, number];

const perRecord: Record<string, (n: number) => Step> = {
  map: (n) => {
    const fn = ([k, v]: Pair): Pair => [v, k + n];
    return { ops: [{ kind: "map", fn }], meaning: (all) => all.map(fn) };
  },
  filter: (n) => {
    const fn = ([k, v]: Pair) => (k + v + n) % 3 !== 0;
    return { ops: [{ kind: "filter", fn }], meaning: (all) => all.filter(fn) };
  },
  flatMap: (n) => {
    const fn = ([k, v]: Pair): Pair[] => Array.from({ length: (k + n) & 3 }, (_, i) => [k + i, v]);
    return { ops: [{ kind: "flatMap", fn }], meaning: (all) => all.flatMap(fn) };
  },
  flatMapGenerator: (n) => {
    const fn = function* ([k, v]: Pair): Generator<Pair> {
      for (let i = 0; i < ((v + n) & 3); i++) yield [k, i];
    };
    return { ops: [{ kind: "flatMap", fn }], meaning: (all) => all.flatMap((pair) => [...fn(pair)]) };
  },
  mapValues: (n) => {
    const fn = (v: number) => v * 2 + n;
    return { ops: [{ kind: "mapValues", fn }], meaning: (all) => all.map(([k, v]) => [k, fn(v)]) };
  },
  flatMapValues: (n) => {
    const fn = (v: number) => new Set([v, v + (n & 1)]);
    return {
      ops: [{ kind: "flatMapValues", fn }],
      meaning: (all) => all.flatMap(([k, v]) => [...fn(v)].map((w): Pair => [k, w])),
    };
  },
  number: (n) => {
    const fn = ([[k, v], i]: [Pair, number]): Pair => [k + i, v];
    return {
      ops: [
        { kind: "number", fn: () => [n, 3] },
        { kind: "map", fn },
      ],
      meaning: (all) => all.map((pair, i) => fn([pair, n + 3 * i])),
    };
  },
  mapPartitions: (n) => {
    const fn = function* (all: Iterable<Pair>): Generator<Pair> {
      let i = 0;
      for (const [k, v] of all) if (i++ % 4 !== n % 4) yield [k, v + i];
    };
    return { ops: [{ kind: "mapPartitions", fn }], meaning: (all) => [...fn(all)] };
  },
  mapPartitionsAsync: (n) => {
    const meaning = (all: Pair[]): Pair[] => [...all].reverse().slice(0, 50 + n);
    return { ops: [{ kind: "mapPartitions", fn: async (all: Iterable<Pair>) => meaning([...all]) }], meaning };
  },
};

const step = fc
  .tuple(fc.constantFrom(...Object.keys(perRecord)), fc.nat(5))
  .map(([name, n]) => (perRecord[name] as (n: number) => Step)(n));
const records = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 60 });
/** Nothing for no records, the record itself for one; otherwise the result depends on the order. */
const folded = ([k, v]: Pair, [l, w]: Pair): Pair => [(k * 7 + l) % 1009, (v * 5 + w) % 1013];

test("a compiled chain agrees with its operators on arrays, collected or reduced", async () => {
  await fc.assert(
    fc.asyncProperty(records, fc.array(step, { maxLength: 5 }), async (input, steps) => {
      const all = steps.flatMap(({ ops }) => ops);
      const ops = all.map(({ kind }, i) => op(kind, i));
      const functions = [...all.map(({ fn }) => fn), folded];
      const expected = steps.reduce<Pair[]>((records, { meaning }) => meaning(records), input as Pair[]);
      expect(await slot.collect(input, { ops, functions })).toEqual(expected);
      const sink = { kind: "reduce", fn: fnSlot(all.length) } as const;
      const reduced = expected.length === 0 ? [] : [expected.reduce(folded)];
      expect(await slot.collect(input, { ops, functions, sink })).toEqual(reduced);
    }),
    { numRuns: 150 },
  );
});
