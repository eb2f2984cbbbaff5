import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { CHECKED_JOBS } from "./rdd-operations.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

describe.each(["local[2]", "local-cluster[2,2]"])("operations give what they promise on %s", (master) => {
  test.each(CHECKED_JOBS)("%s", async (job, right) => {
    const run = TestProcess.millrace(["run", jobFile(job), "--master", master, "--batches", "1"]);
    later(() => run.end());
    const { code, stdout } = await run.ended;
    expect(stdout).toBe(`checks ${right} right\n`);
    expect(code).toBe(0);
  });
});
