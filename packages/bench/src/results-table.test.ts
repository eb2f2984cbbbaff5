import { expect, test } from "vitest";
import type { Baseline } from "./baseline.ts";
import type { Bench, SubjectResult } from "./bench.ts";
import { figure, goalsText, resultsTable } from "./results-table.ts";

const bench: Bench = {
  name: "b",
  what: "",
  rounds: 1,
  metrics: { ms: { unit: "ms", better: "lower" } },
  subjects: () => [],
};
const level = (n: number) => ({ median: n, min: n, max: n });
const subject = (name: string, ms: number, ratio?: number): SubjectResult => ({
  name,
  metrics: { ms: level(ms) },
  ratios: ratio === undefined ? {} : { ms: level(ratio) },
  error: undefined,
});
const baseline = (subjects: Baseline["subjects"]): Baseline => ({
  bench: "b",
  recordedAt: "",
  commit: "",
  rounds: 1,
  othersCores: 0,
  machine: { cpu: "", cores: 2, memoryGB: 1, node: "", kernel: "" },
  subjects,
});

test("a table has a row for each subject and metric, beside the baseline", () => {
  const failed: SubjectResult = { name: "c", metrics: {}, ratios: {}, error: new Error("it broke") };
  const before = baseline({
    a: { metrics: { ms: level(100) }, ratios: {} },
    b: { metrics: { ms: level(10) }, ratios: {} },
  });
  expect(resultsTable(bench, [subject("a", 101), subject("b", 20.26, 0.2), failed], before)).toBe(
    [
      "subject  metric  median    min – max            × reference  baseline  × baseline",
      "a        ms, ms     101    101 – 101                              100        1.01",
      "b        ms, ms    20.3  20.3 – 20.3  0.200 (0.200 – 0.200)      10.0  2.03 worse",
      "c failed: it broke",
    ].join("\n"),
  );
});

test.each([
  [0, "0"],
  [0.01234, "0.012"],
  [1.2345, "1.23"],
  [12.345, "12.3"],
  [123_456.7, "123457"],
])("the figure of %d is %s", (n, text) => expect(figure(n)).toBe(text));

test("says of each goal whether it is met", () => {
  const goal = { what: "a batch costs at most 2 times the same", unit: "×", max: 2 };
  expect(
    goalsText([
      { ...goal, value: 1.5 },
      { ...goal, value: 2.35 },
      { ...goal, value: undefined },
    ]).split("\n"),
  ).toEqual([
    "met           a batch costs at most 2 times the same: 1.50 ×",
    "NOT MET       a batch costs at most 2 times the same: 2.35 ×",
    "NOT MEASURED  a batch costs at most 2 times the same",
  ]);
});
