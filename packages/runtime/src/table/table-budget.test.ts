import { expect, test } from "vitest";
import { TableBudget } from "./table-budget.ts";

const MB = 1024 ** 2;

test("a table has its budget while there is room in the heap, and less the fuller that is", () => {
  let use = 0.5;
  const budget = new TableBudget(64 * MB, () => use);
  const largest = () => [64, 32, 4].filter((mb) => !budget.exceededBy(mb * MB))[0];
  expect(largest()).toBe(64);
  expect(budget.exceededBy(65 * MB)).toBe(true);
  use = 0.75;
  expect(largest()).toBe(32);
  use = 0.9;
  expect(largest()).toBe(4);
  expect(budget.exceededBy(5 * MB)).toBe(true);
});

test("an unbounded one has no end", () => {
  expect(TableBudget.unbounded.exceededBy(Number.MAX_VALUE)).toBe(false);
});
