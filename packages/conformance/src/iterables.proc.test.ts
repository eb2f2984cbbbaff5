import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("iterables give their records, go on where they broke off, and are told to end", async () => {
    const job = TestProcess.millrace(["run", jobFile("iterables"), "--master", master]);
    later(() => job.end());
    await Promise.all([/^number 5$/, /^word to 2$/, /^word be 2$/, /^word or 1$/].map((line) => job.says(line)));
    await job.says(
      /\[SOURCE_BACK\] receiver iterableStream at .*iterables\.ts:\d+:\d+ is connected to its source again/,
    );
    job.signal("SIGINT");
    const { code, stdout, stderr } = await job.ended;
    expect(code).toBe(0);
    expect(stdout.match(/^number \d$/gm)).toEqual(["number 1", "number 2", "number 3", "number 4", "number 5"]);
    expect(stderr).toMatch(/\[SOURCE_DOWN\] receiver iterableStream .* broke off: Error: broke off/);
    expect(`${stdout}${stderr}`).toContain("numbers were told to end");
  });
});
