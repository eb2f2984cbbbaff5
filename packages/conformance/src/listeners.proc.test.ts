import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile } from "./test-cluster.fixture.ts";

afterEach(cleanUp);

describe.each(["local[2]", "local-cluster[2,1]"])("on %s", (master) => {
  test("listeners hear of receivers, batches and outputs, in order, and fail nothing", async () => {
    const job = TestProcess.millrace(["run", jobFile("watched"), "--master", master]);
    later(() => job.end());
    await job.says(/^line c$/);
    await job.says(/^heard batch completed, 3 records, delays add up$/);
    await job.says(/^Processing time: \(count: \d+, mean: .*, stdev: .*\)$/);
    job.signal("SIGINT");
    const { code, stdout, stderr } = await job.ended;
    expect(code).toBe(0);
    const heard: readonly string[] = stdout.match(/^heard .*$/gm) ?? [];
    const [first] = heard;
    expect(first).toBe("heard the start");
    expect(heard).toContainEqual(expect.stringMatching(/^heard receiver 0 iterableStream started at \S+$/));
    expect(heard).toContain("heard receiver 0 stopped");
    const from = heard.indexOf("heard batch submitted, 3 records");
    expect(
      heard
        .slice(from)
        .filter((line) => !line.includes("receiver"))
        .filter((line) => line !== "heard batch submitted, 0 records") // the next one, while this one runs
        .slice(0, 5),
    ).toEqual([
      "heard batch submitted, 3 records",
      "heard batch started after number",
      "heard output 0 foreachRDD started",
      "heard output 0 completed, well",
      "heard batch completed, 3 records, delays add up",
    ]);
    expect(
      stderr.match(/onBatchCompleted of a streaming listener threw Error: a listener of its own kind/g),
    ).toHaveLength(1);
  });
});
