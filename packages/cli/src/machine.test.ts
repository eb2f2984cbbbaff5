import { expect, test } from "vitest";
import { executorName } from "./machine.ts";

test.each([
  ["node-1", "node-1-7"],
  ["Mac.Local", "mac-local-7"],
  ["", "executor-7"],
  ["-ä-", "executor-7"],
  ["x".repeat(80), `${"x".repeat(40)}-7`],
])("an executor on %j is called %s", (host, name) => {
  expect(executorName(host, "7")).toBe(name);
});
