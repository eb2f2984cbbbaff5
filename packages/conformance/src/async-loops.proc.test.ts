import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

const run = (...args: string[]): TestProcess => {
  const process = TestProcess.millrace(["run", jobFile("async-loops"), ...args]);
  later(() => process.end());
  return process;
};
const lines = (stdout: string, pattern: RegExp): readonly string[] => stdout.match(pattern) ?? [];

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("loops of the driver get every record and batch, and what follows them is done before the job ends", async () => {
    const { code, stdout } = await run("--master", master, "--batches", "3").ended;
    expect(code).toBe(0);
    expect(lines(stdout, /^record \d+$/gm)).toEqual(Array.from({ length: 6 }, (_, n) => `record ${n}`));
    expect(lines(stdout, /^batch of \d+$/gm)).toEqual(["batch of 2", "batch of 2", "batch of 2"]);
    for (const line of ["records ended", "and were closed", "batches ended"]) expect(stdout).toContain(line);
  });
});

test("a loop that is interrupted with its job has its end", async () => {
  const job = run("--master", "local[2]");
  await job.says(/^record 3$/);
  job.signal("SIGINT");
  const { code, stdout } = await job.ended;
  expect(code).toBe(0);
  expect(stdout).toContain("and were closed");
});

test("a loop of a job that fails is told why", async () => {
  const { code, stdout, stderr } = await run("--master", "local[1]", "--", "fails").ended;
  expect(code).toBe(1);
  expect(stderr).toContain("as it was asked to");
  expect(stdout).toMatch(/^records failed: \[JOB_CODE_FAILED\] .*as it was asked to/m);
  expect(stdout).toContain("batches failed: JOB_CODE_FAILED");
  expect(stdout).toContain("and were closed");
});
