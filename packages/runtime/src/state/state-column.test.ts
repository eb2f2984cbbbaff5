import { emptyClassTable } from "@millrace/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StateColumn } from "./state-column.ts";

const state = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 200 }),
  fc.boolean(),
  fc.bigInt(),
  fc.constantFrom(null, -0),
  fc.record({ n: fc.integer(), text: fc.string({ maxLength: 80 }) }),
  fc.array(fc.integer(), { maxLength: 40 }),
);
const change = fc.tuple(fc.nat(40), fc.option(state, { nil: undefined }));

describe("a column of states", () => {
  test("has the last state set at each index after any changes, even if another column has copied it", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
        const column = new StateColumn(emptyClassTable);
        const expected = new Map<number, unknown>();
        for (const [index, value] of changes) {
          if (value === undefined) column.delete(index);
          else column.set(index, value);
          expected.set(index, value);
        }
        const [cells, taken] = [new StateColumn(emptyClassTable), new StateColumn(emptyClassTable)];
        for (const [index, value] of expected) {
          expect(column.has(index)).toBe(value !== undefined);
          expect(column.get(index)).toStrictEqual(value);
          if (value === undefined) continue;
          cells.setCell(index, column.cell(index));
          taken.setFrom(index + 3, column, index);
          expect(cells.get(index)).toStrictEqual(value);
          expect(taken.get(index + 3)).toStrictEqual(value);
          expect(column.equals(index, taken, index + 3)).toBe(true);
        }
      }),
    );
  });

  test("distinguishes states by their encoding", () => {
    const column = new StateColumn(emptyClassTable);
    const apart = [0, -0, Number.NaN, "0", 0n, false, null, { a: 0 }, { a: -0 }, { b: 0 }, [0], "", { a: 0, b: 1 }];
    for (const [index, value] of apart.entries()) column.set(index, value);
    for (let a = 0; a < apart.length; a++) {
      for (let b = 0; b < apart.length; b++) expect(column.equals(a, column, b)).toBe(a === b);
    }
  });

  test("keeps objects of its own", () => {
    const column = new StateColumn(emptyClassTable);
    const value = { list: [1] };
    column.set(0, value);
    value.list.push(2);
    (column.get(0) as typeof value).list.push(3);
    expect(column.get(0)).toEqual({ list: [1] });
  });
});
