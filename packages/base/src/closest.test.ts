import { expect, test } from "vitest";
import { closest, didYouMean } from "./closest.ts";

test.each([
  ["totls", "totals"],
  ["Totals", "totals"],
  ["updateStateByKey-1", "updateStateByKey-0"],
  ["task.attempts", "task.attempts.max"],
  ["x", undefined],
  ["something-else", undefined],
])("%s is meant to be %s", (given, meant) => {
  expect(closest(given, ["totals", "updateStateByKey-0", "task.attempts.max", "visits"])).toBe(meant);
});

test("as part of a sentence", () => {
  expect(didYouMean("vists", ["visits"])).toBe(" (did you mean visits?)");
  expect(didYouMean("other", ["visits"])).toBe("");
});
