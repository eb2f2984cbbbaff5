import { expect, test } from "vitest";
import { logFile } from "./logs.ts";

/** The share of failed requests of a service. */
function failed(log: string, service: string): number {
  const lines = log.split("\n").filter((line) => line.includes(` ${service} `));
  return lines.filter((line) => line.endsWith(" 503")).length / lines.length;
}

test("one request in 25 fails; of payments, every second one during an incident", () => {
  expect(["payments", "search"].map((name) => failed(logFile(0, { incident: false }), name))).toEqual([0.04, 0.04]);
  expect(["payments", "search"].map((name) => failed(logFile(0, { incident: true }), name))).toEqual([0.52, 0.04]);
});
