import { expect, test } from "vitest";
import { optionProblems } from "./option-problems.ts";

test("what is wrong with options is told by name and rule, and no value is repeated", () => {
  const secret = "canary";
  const issues = [
    {
      type: "min_value",
      message: `got ${secret}`,
      expected: ">=1",
      requirement: 1,
      path: [{ key: "nodes" }, { key: 0 }],
    },
    { type: "strict_object", message: `got ${secret}`, expected: "never", path: [{ key: "patience" }] },
    { type: "url", message: `got ${secret}`, expected: null, path: [{ key: "endpoint" }] },
    { type: "regex", message: "it must begin with http:", expected: "/^http/", path: [{ key: "endpoint" }] },
    { type: "object", message: `got ${secret}`, expected: "Object" },
  ];
  expect(optionProblems(issues)).toEqual([
    "nodes.0: want 1 at least",
    "patience: there is no such option",
    "endpoint: want a URL",
    "endpoint: it must begin with http:",
    "options: want Object",
  ]);
  expect(optionProblems(undefined)).toEqual([]);
});
