import { describe, expect, test } from "vitest";
import { AggregateTable } from "./aggregate-table.ts";
import { TableBudget } from "./table-budget.ts";
import type { TableShape } from "./table-shape.ts";

const MB = 1024 ** 2;

/** A table with `keys` entries, the one in the middle larger than the others together. */
function tableOf(shape: TableShape, keys: number, acc: (isHot: boolean) => unknown, heapUse = 0): AggregateTable {
  const table = new AggregateTable({ shape, budget: new TableBudget(64 * MB, () => heapUse), overflow: () => {} });
  for (let key = 0; key < keys; key++) {
    table.index.find(key);
    table.index.add(key);
    table.accs.push(acc(key === keys / 2));
  }
  return table;
}

describe("the size of a table of lists", () => {
  const hot = Array.from({ length: 1_000_000 }, (_, i) => i);

  test("has the values of a single enormous list among many in it, whichever lists were looked at", () => {
    const table = tableOf({ kind: "group" }, 10_000, (isHot) => (isHot ? hot : [1]));
    table.values = 9_999 + hot.length;
    for (let i = 0; i < 400; i++) {
      expect(table.estimatedBytes()).toBeGreaterThan(8 * hot.length);
      expect(table.estimatedBytes()).toBeLessThan(40 * hot.length);
    }
  });

  test("counts the places that arrays keep ready", () => {
    const table = tableOf({ kind: "group" }, 1000, () => [1, 2, 3]);
    table.values = 3000;
    expect(table.estimatedBytes()).toBeGreaterThan(1000 * (17 * 8 + 32));
  });

  test("counts the lists of every feed", () => {
    const table = tableOf({ kind: "cogroup", feeds: 3 }, 1000, () => [[1, 2, 3], [], ["a text of some length"]]);
    table.values = 4000;
    expect(table.estimatedBytes()).toBeGreaterThan(1000 * (17 * 8 + 4 * 32));
  });
});

describe("the size of a table of combiners", () => {
  const isLarge = (table: AggregateTable) =>
    Array.from({ length: 100 }, () => table.estimatedBytes()).some((bytes) => bytes > 8 * MB);
  const tableWithHeap = (heapUse: number) =>
    tableOf(
      { kind: "combine" },
      100_000,
      (isHot) => (isHot ? new Set(Array.from({ length: 500_000 }, (_, i) => i)) : 1),
      heapUse,
    );

  test("has a single enormous one in it, once the heap fills up", () => {
    expect(isLarge(tableWithHeap(0.8))).toBe(true);
    // Else nobody looks at every one of them.
    expect(isLarge(tableWithHeap(0.2))).toBe(false);
  });
});
