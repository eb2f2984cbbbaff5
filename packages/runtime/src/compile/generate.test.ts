import { fnSlot } from "@millrace/plan";
import { expect, test } from "vitest";
import { segmentSource } from "./generate.ts";
import type { SegmentPlan } from "./segment.ts";

const plan: SegmentPlan = {
  name: "millrace 0af3 0",
  ops: [
    { kind: "flatMap", fn: fnSlot(0), label: "flatMap at job.ts:5:6" },
    { kind: "mapValues", fn: fnSlot(1), label: "mapValues at job.ts:6:6" },
  ],
  terminal: { kind: "hash", partitions: 4 },
  terminalLabel: "reduceByKey at job.ts:7:6",
  inlines: [undefined, undefined],
};

test("the source names its template first, and nothing that varies by batch or place", () => {
  const source = segmentSource(plan, "rows");
  expect(source).toMatch(/^\/\/ millrace 0af3 0 rows\n/);
  expect(source).not.toMatch(/job\.ts/);
  expect(segmentSource({ ...plan, ops: plan.ops.map((op) => ({ ...op, label: "elsewhere" })) }, "rows")).toBe(source);
});
