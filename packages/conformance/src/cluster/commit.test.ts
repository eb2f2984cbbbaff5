import type { SinkBatch } from "@millrace/api";
import { deferred } from "@millrace/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { MemoryCluster } from "./memory-cluster.fixture.ts";
import { begins, FIRST, OutputDirectory, startCluster, TOTALS, totals } from "./totals-job.fixture.ts";

let out: OutputDirectory;
let cluster: MemoryCluster;
beforeEach(() => {
  out = new OutputDirectory();
});
afterEach(async () => {
  await cluster.close();
  out.remove();
});

async function start(...args: Parameters<typeof startCluster>): Promise<void> {
  cluster = await startCluster(...args);
}

describe("the commit of a batch", () => {
  const kill = (): void => cluster.driver.stop({ graceful: false, reason: { kind: "operator" } });

  /** A sink that refuses its first commit, and the times of the batches that it is asked to commit. */
  function refusing() {
    const asked: number[] = [];
    const commit = ({ time }: SinkBatch): void => {
      asked.push(time);
      if (asked.length === 1) throw new Error("conflict");
    };
    return { job: totals({ saveTo: out.path, sink: { commit } }), asked };
  }

  test("makes files visible, and none before it begins", async () => {
    const job = totals({ saveTo: out.path });
    await start(job, ["e1", "e2"]);
    const found: (readonly string[])[] = [];
    const fired = cluster.once(begins("commit"), () => void found.push(out.visible()));
    await cluster.pass(1_000);
    expect([fired(), found, out.visible()]).toEqual([true, [[]], [`totals-${FIRST}`]]);
  });

  test("ends first when the job is ended at once meanwhile, and no batch follows", async () => {
    const job = totals({ saveTo: out.path });
    await start(job, ["e1", "e2"]);
    const fired = cluster.once(begins("commit"), kill);
    await cluster.pass(3_000);
    expect(fired()).toBe(true);
    expect(cluster.end).toMatch(/killed: \[JOB_STOPPED\] the job was ended at once, as asked/);
    expect([out.totals(), out.hidden()]).toEqual([TOTALS.slice(0, 1), []]);
  });

  test("is tried again after a pause when it was refused, that output alone, and no batch runs meanwhile", async () => {
    const { job, asked } = refusing();
    const pause = { "task.retry.delay.min": "2400ms", "task.retry.delay.max": "2400ms" }; // half of it at least
    await start(job, ["e1", "e2"], { conf: pause });
    await cluster.pass(2_100);
    expect([asked, out.totals(), job.seen]).toEqual([[FIRST], TOTALS.slice(0, 1), TOTALS.slice(0, 1)]);
    await cluster.pass(1_400);
    expect(asked.slice(0, 2)).toEqual([FIRST, FIRST]);
    await cluster.pass(3_000);
    expect(out.totals().slice(0, 4)).toEqual(TOTALS);
    expect(cluster.warnings).toEqual([]);
  });

  test("goes on when an executor is lost in the pause before it is tried again", async () => {
    const { job, asked } = refusing();
    await start(job, ["e1", "e2"]);
    await cluster.pass(1_100);
    expect(asked).toEqual([FIRST]);
    cluster.lose("e1");
    await cluster.pass(5_000);
    expect(asked.slice(0, 3)).toEqual([FIRST, FIRST, FIRST + 1_000]);
    expect(out.totals().slice(0, 4)).toEqual(TOTALS);
  });

  test("is not tried again when the job is ended at once in the pause", async () => {
    const { job, asked } = refusing();
    await start(job, ["e1", "e2"]);
    await cluster.pass(1_100);
    kill();
    await cluster.pass(2_000);
    expect(cluster.end).toMatch(/^failed: \[SINK_COMMIT_FAILED\] commit of watched threw Error: conflict/);
    expect([asked, out.totals()]).toEqual([[FIRST], TOTALS.slice(0, 1)]);
  });

  /** A sink that is slow to discard what was written. */
  function slow(commit: () => void = () => undefined) {
    const taken = deferred<void>();
    return { sink: { commit, abort: () => taken.promise }, taken };
  }

  test("that is refused is discarded before the job ends, though it is ended at once meanwhile", async () => {
    const { sink, taken } = slow(() => {
      kill();
      throw new Error("conflict");
    });
    await start(totals({ sink }), ["e1", "e2"], { conf: { "batch.failure": "continue" } });
    await cluster.pass(1_500);
    expect([cluster.warnings, cluster.end]).toEqual([["BATCH_FAILED"], undefined]);
    taken.resolve();
    await cluster.idle();
    expect(cluster.end).toMatch(/killed: \[JOB_STOPPED\]/);
  });

  test("does not follow a failed output: the others are discarded before the job ends", async () => {
    const { sink, taken } = slow();
    await start(totals({ sink, meanwhile: () => Promise.reject(new Error("boom")) }), ["e1", "e2"]);
    await cluster.pass(1_500);
    expect([cluster.warnings, cluster.end]).toEqual([["BATCH_FAILED"], undefined]);
    taken.resolve();
    await cluster.pass(100);
    expect(cluster.end).toMatch(/^failed: .*boom/);
  });
});
