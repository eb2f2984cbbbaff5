import { afterEach, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { printed } from "./printing.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

test.each(["local[1]", "local-cluster[2,2]"])(
  "print writes to standard output on %s, and nothing else does",
  async (master) => {
    const run = TestProcess.millrace(["run", jobFile("printing"), "--master", master, "--batches", "3"], {
      env: { TZ: "UTC" },
    });
    later(() => run.end());
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    const [start = ""] = /(?<=^Time: ).*$/m.exec(stdout) ?? [];
    const first = Date.parse(`${start.replace(" ", "T")}Z`);
    const at = (batch: number): string =>
      new Date(first + batch * 100).toISOString().replace("T", " ").replace("Z", "");
    expect(stdout).toBe(printed([at(0), at(1), at(2)]));
  },
);
