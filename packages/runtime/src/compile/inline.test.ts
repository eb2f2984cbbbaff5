import { type FunctionRef, operators } from "@millrace/operators";
import { fnSlot } from "@millrace/plan";
import { afterAll, describe, expect, test } from "vitest";
import { op, TestSlot } from "../slot/test-slot.fixture.ts";

const slot = new TestSlot();
afterAll(() => slot.remove());

const inlined = (kind: "pair" | "sum") =>
  Object.values(operators).flatMap(({ id, inline }) => (inline?.kind === kind ? [id] : []));
/** The same function, which loops have to call. */
const called = (ref: FunctionRef) => slot.functions.resolve(ref.id, ref.captures?.() ?? []);

describe("an operator that is inlined in a loop returns the result of its function", () => {
  const pairs: FunctionRef[] = [
    operators.pairWithOne.ref(),
    operators.pairWithNull.ref(),
    operators.keyByNull.ref(),
    operators.keyBy.ref(() => [(word: string) => word.length]),
  ];

  test("here are all that make pairs, and the only sum", () => {
    expect(pairs.map(({ id }) => id).sort()).toEqual(inlined("pair").sort());
    expect(inlined("sum")).toEqual([operators.add.id]);
  });

  test.each(pairs)("$id", async (ref) => {
    const records = ["a", "bcd", ""];
    // As a record, and as a pair: what takes a pair apart sees no tuple.
    for (const ops of [[op("map", 0)], [op("map", 0), op("mapValues", 1)]]) {
      const functions = (first: typeof ref | ReturnType<typeof called>) => [first, (value: unknown) => [value]];
      const written = await slot.collect(records, { ops, functions: functions(ref) });
      expect(written).toHaveLength(3);
      expect(written).toEqual(await slot.collect(records, { ops, functions: functions(called(ref)) }));
    }
  });

  test("in the place of a function that merges", async () => {
    const sink = { kind: "reduce", fn: fnSlot(0) } as const;
    const ref = operators.add.ref();
    for (const fn of [ref, called(ref)]) {
      expect(await slot.collect([1, 2.5, -4], { sink, functions: [fn] })).toEqual([-0.5]);
    }
  });
});
