import { afterEach, describe, expect, test } from "vitest";
import { cleanUp, later } from "./clean-up.fixture.ts";
import { TestProcess } from "./process.fixture.ts";
import { jobFile, TestCluster } from "./test-cluster.fixture.ts";
import { lastTotals, WordFeed } from "./word-feed.fixture.ts";

afterEach(cleanUp);

async function wordFeed(): Promise<WordFeed> {
  const feed = await WordFeed.listen();
  later(() => feed.close());
  return feed;
}

/** Sends words over several batches; each is a batch of its own as the totals before it have been seen. */
async function sendAndSee(feed: WordFeed, log: TestProcess["lines"]): Promise<void> {
  await feed.source.connected();
  feed.send("the quick brown fox", "the lazy dog");
  await feed.counted(log);
  feed.send(...Array.from({ length: 1_000 }, (_, i) => `word-${i % 97} the fox`));
  await feed.counted(log);
  feed.send("😀 naïve 中文 fox");
  await feed.counted(log);
}

describe("the running totals of a socket are exact", () => {
  test.each(["local[2]", "local-cluster[2,2]"])("with run --master %s, until Ctrl-C drains it", async (master) => {
    const feed = await wordFeed();
    const run = TestProcess.millrace(["run", jobFile("totals"), "--master", master, "--", ...feed.args]);
    later(() => run.end());
    await sendAndSee(feed, run.lines);
    run.signal("SIGINT");
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining("[") });
    expect(lastTotals(run.lines)).toEqual(feed.expected);
  });

  test("with submit to a driver and executors, until stop drains it", async () => {
    const cluster = await TestCluster.start({ executors: 2, slots: 2 });
    later(() => cluster.stop());
    const feed = await wordFeed();
    const job = await cluster.submit("totals", feed.args);
    await sendAndSee(feed, job.log);
    expect(await job.stop()).toMatchObject({ state: "finished", batchesFailed: 0, warnings: [] });
    expect(lastTotals(job.log)).toEqual(feed.expected);
  });
});
