import { TEMPLATES_MAX } from "@millrace/plan";
import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test("a slot lets the code of shapes go that no batch uses any more, and compiles the steady one once", async () => {
  const job = TestProcess.millrace(["run", jobFile("shapes"), "--master", "local[1]"]);
  later(() => job.end());
  const { code, stdout, stderr } = await job.ended;
  expect(code, stderr).toBe(0);
  const [, names, again, alive, steady] = (
    /^names (\d+), again (\d+), alive (\d+), steady (\d+)$/m.exec(stdout) ?? []
  ).map(Number);
  expect(names).toBeGreaterThan(TEMPLATES_MAX + 400);
  expect(again).toBe(1); // the first shape had been evicted, and worked when it came once more
  expect(alive).toBeGreaterThan(TEMPLATES_MAX / 2);
  expect(alive).toBeLessThanOrEqual(TEMPLATES_MAX);
  expect(steady).toBe(1);
});
