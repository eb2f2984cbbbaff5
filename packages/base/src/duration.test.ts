import { expect, test } from "vitest";
import { parseDuration } from "./duration.ts";

test.each([
  [500, 500],
  ["500ms", 500],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
] as const)("%j is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([0, -1, 1.5, Number.NaN, "", "1 fortnight", "-2s", "0s"])(
  "%j is refused with the forms that are right",
  (value) => {
    expect(() => parseDuration(value, "batchInterval")).toThrow(/BAD_DURATION\] batchInterval .* "500ms"/);
  },
);
