import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

const run = (...args: string[]): TestProcess => {
  const process = TestProcess.millrace(["run", jobFile("driver-sources"), ...args]);
  later(() => process.end());
  return process;
};

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("sources of the driver give each batch its own, and are told of start and end", async () => {
    const { code, stdout } = await run("--master", master, "--batches", "3").ended;
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toEqual([
      "countdown from 2",
      "rate 0 to 199, 0 gaps",
      "countdown [2]",
      "rate 200 to 399, 0 gaps",
      "countdown [1]",
      "rate 400 to 599, 0 gaps",
      "countdown []",
      "countdown stopped",
    ]);
  });
});

test("an input stream is stopped too when a batch has failed", async () => {
  const { code, stdout, stderr } = await run("--master", "local[1]", "--", "fails").ended;
  expect(code).toBe(1);
  expect(stderr).toContain("as it was asked to");
  expect(stdout).toContain("countdown stopped");
});
