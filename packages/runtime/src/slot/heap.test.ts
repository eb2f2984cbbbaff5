import { expect, test } from "vitest";
import { tableBytes, threadHeapUse } from "./heap.ts";

const MB = 1024 ** 2;

test("tables may take the configured memory, but never most of the heap", () => {
  expect(tableBytes(64 * MB, 512 * MB)).toBe(64 * MB);
  expect(tableBytes(64 * MB, 100 * MB)).toBe(40 * MB);
});

test("the use of the heap is a share", () => {
  expect(threadHeapUse()).toBeGreaterThan(0);
  expect(threadHeapUse()).toBeLessThan(1);
});
