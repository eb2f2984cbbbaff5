import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test.each([
  ["local[1]", "1, 1"],
  ["local[3]", "3, 3"],
  ["local-cluster[1,1]", "2, 2"],
  ["local-cluster[2,2]", "4, 4"],
])(
  "there are as many partitions as slots when nothing says otherwise, on a cluster two at least: %s",
  async (master, said) => {
    const run = TestProcess.millrace(["run", jobFile("parallelism"), "--master", master, "--batches", "1"]);
    later(() => run.end());
    const { code, stdout } = await run.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${said}\n` });
  },
);
