import { expect, test } from "vitest";
import { fromVitest, line, sum } from "./tally.mjs";

test("a test file that does not load counts as one that failed", () => {
  const report = {
    numPassedTests: 3,
    numFailedTests: 1,
    testResults: [
      { status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }, { status: "passed" }] },
      { status: "failed", assertionResults: [{ status: "failed" }] },
      { status: "failed", assertionResults: [] },
    ],
  };
  expect(fromVitest(report)).toEqual({ passed: 3, failed: 2 });
});

test("suites are summed in one line", () => {
  expect(
    line(
      sum([
        { passed: 3, failed: 2 },
        { passed: 1, failed: 0 },
      ]),
    ),
  ).toBe("4 passed, 2 failed");
});
