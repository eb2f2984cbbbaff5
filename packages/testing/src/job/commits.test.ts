import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DStream, defineJob, type StreamingContext, saveExternal } from "@millrace/api";
import { deferred, type EngineError } from "@millrace/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TestJob, testJob } from "./test-job.ts";

let out = "";
let t: TestJob | undefined;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "millrace-commits-"));
});
afterEach(async () => {
  await t?.stop();
  await rm(out, { recursive: true, force: true });
});

async function start(build: (ssc: StreamingContext) => void, failure: "stop" | "continue" = "stop"): Promise<TestJob> {
  const job = defineJob({ name: "commits", batchInterval: "1s" }, build);
  t = await testJob(job, { conf: { "batch.failure": failure, "task.attempts.max": 2 } });
  return t;
}

/** One word per batch. */
const words = (ssc: StreamingContext): DStream<string> => ssc.queueStream([], { default: ["word"] });
const totals = (stream: DStream<string>): DStream<[string, number]> =>
  stream
    .map((word): [string, number] => [word, 1])
    .updateStateByKey((values: number[], before: number | undefined) => (before ?? 0) + values.length);
/** All files, hidden or not. */
const there = async () => (await readdir(out)).sort();
const visible = async () => (await there()).filter((name) => !name.startsWith("."));
const total = (name: string) => readFile(join(out, name, "part-00000"), "utf8");

test("saved files are hidden while an output of the batch runs, and visible when the batch is committed", async () => {
  const seen: unknown[] = [];
  const job = await start((ssc) => {
    const stream = words(ssc);
    stream.saveAsTextFiles(join(out, "a"));
    stream.foreachRDD(async () => seen.push(await visible()));
    stream.saveAsObjectFiles(join(out, "b"));
    stream.foreachRDD(async () => seen.push(await visible()));
  });
  await job.advance("1s");
  expect(seen).toEqual([[], []]);
  expect(await there()).toEqual(["a-1000", "b-1000"]);
});

test("files that an action saves are visible when it resolves", async () => {
  const seen: unknown[] = [];
  const job = await start((ssc) =>
    words(ssc).foreachRDD(async (rdd) => {
      await rdd.saveAsTextFile(join(out, "a"));
      seen.push(await there());
    }),
  );
  await job.advance("1s");
  expect(seen).toEqual([["a"]]);
});

describe("of a batch in which an output fails", () => {
  const failing = (ssc: StreamingContext): void => {
    const stream = words(ssc);
    totals(stream).saveAsTextFiles(join(out, "totals"));
    stream.foreachRDD((_, time) => {
      if (time === 2000) throw new Error("boom");
    });
  };

  test("nothing is visible, and nothing hidden is left, under the policy stop", async () => {
    const job = await start(failing);
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow("boom");
    expect(await there()).toEqual(["totals-1000"]);
  });

  test("the files of the others are visible and their state advances under the policy continue", async () => {
    const job = await start(failing, "continue");
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow("boom");
    await job.advance("1s");
    expect(await there()).toEqual(["totals-1000", "totals-2000", "totals-3000"]);
    expect(await total("totals-2000")).toBe('["word",2]\n');
    expect(await total("totals-3000")).toBe('["word",3]\n');
  });
});

describe("when a directory appears where a batch has saved", () => {
  /** In the second batch, while it runs. */
  const taken = (ssc: StreamingContext): void => {
    const stream = words(ssc);
    totals(stream).saveAsTextFiles(join(out, "a"));
    totals(stream).saveAsTextFiles(join(out, "b"));
    stream.foreachRDD(async (_, time) => {
      if (time === 2000) await mkdir(join(out, "a-2000"));
    });
  };

  test("the commit refuses that output, and the job ends under the policy stop", async () => {
    const job = await start(taken);
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow(
      /OUTPUT_EXISTS\] .*a-2000 already exists: it was created while the batch ran/,
    );
    await expect(job.advance("1s")).rejects.toThrow("TEST_JOB_ENDED");
    expect(await there()).toEqual(["a-1000", "a-2000", "b-1000", "b-2000"]);
    expect(await readdir(join(out, "a-2000"))).toEqual([]);
    expect(job.warnings).toEqual([
      expect.stringMatching(/^\[BATCH_FAILED\] .* failed: saveAsTextFiles of updateStateByKey.*a-2000.*The job stops/),
    ]);
  });

  test("the job goes on with its state and the other outputs under the policy continue", async () => {
    const job = await start(taken, "continue");
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow("OUTPUT_EXISTS");
    await job.advance("1s");
    expect(await total("b-2000")).toBe('["word",2]\n');
    expect(await total("a-3000")).toBe('["word",3]\n');
    expect((await there()).filter((name) => name.startsWith("."))).toEqual([]);
  });
});

test("a job that stops itself at once leaves nothing of the batch that it cuts off", async () => {
  const job = await start((ssc) => {
    const stream = words(ssc);
    stream.saveAsTextFiles(join(out, "a"));
    stream.foreachRDD(() => ssc.stop({ graceful: false }));
    stream.saveAsTextFiles(join(out, "b"));
  });
  await job.advance("1s").catch(() => undefined); // it was cut off
  await job.stop();
  expect(await there()).toEqual([]);
});

test("a batch that is cut off starts no output, runs no plan and discards at once what it has prepared", async () => {
  const told: string[] = [];
  const [aborted, refused, hangs] = [deferred<void>(), deferred<void>(), deferred<void>()];
  const job = await start((ssc) => {
    const stream = words(ssc);
    stream.saveAsTextFiles(join(out, "a"));
    saveExternal(stream, {
      label: "archive",
      options: undefined,
      open: () => ({ write: () => {}, prepare: () => "kept" }),
      abort: (_, written) => {
        told.push(`abort ${written}`);
        aborted.resolve();
      },
    });
    stream.foreachRDD(async (rdd) => {
      ssc.stop({ graceful: false });
      await aborted.promise; // though this output still runs
      await rdd.saveAsTextFile(join(out, "by-hand")).catch((error: EngineError) => told.push(error.code));
      refused.resolve();
      await hangs.promise;
    });
    stream.foreachRDD(() => void told.push("a later output"));
    stream.saveAsTextFiles(join(out, "b"));
  });
  const advanced = job.advance("1s").catch(() => undefined); // it was cut off
  await refused.promise;
  hangs.resolve();
  await advanced;
  await job.stop();
  expect(told).toEqual(["abort kept", "PLAN_CANCELLED"]);
  expect(await there()).toEqual([]);
});

describe("a sink of a package", () => {
  /** Calls of `commit` and `abort`, in order; the first `refusals` commits throw. */
  function archive(stream: DStream<string>, told: string[], refusals = 0): void {
    let left = refusals;
    saveExternal(stream, {
      label: "archive",
      options: undefined,
      open: () => {
        const records: string[] = [];
        return { write: (some) => void records.push(...some), prepare: () => records.join() };
      },
      commit: ({ time }, written) => {
        told.push(`commit ${time} ${written}`);
        if (left-- > 0) throw new Error("conflict");
      },
      abort: ({ time }, written) => void told.push(`abort ${time} ${written}`),
    });
  }

  /** Beside files that are saved, and before an output that looks at both; `fails`: in the second batch. */
  const beside =
    (told: string[], { fails = false, refusals = 0 } = {}) =>
    (ssc: StreamingContext): void => {
      const stream = words(ssc);
      archive(stream, told, refusals);
      stream.saveAsTextFiles(join(out, "a"));
      stream.foreachRDD(async (_, time) => {
        told.push(`seen ${[...(await visible())]}`);
        if (fails && time === 2000) throw new Error("boom");
      });
    };

  test("is committed with the files of the batch, and not while another output runs", async () => {
    const told: string[] = [];
    const job = await start(beside(told));
    await job.advance("1s");
    expect(told).toEqual(["seen ", "commit 1000 word"]);
    expect(await there()).toEqual(["a-1000"]);
  });

  test("is told to discard its part of a batch that failed, under the policy stop", async () => {
    const told: string[] = [];
    const job = await start(beside(told, { fails: true }));
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow("boom");
    expect(told.slice(2)).toEqual(["seen a-1000", "abort 2000 word"]);
  });

  test("is committed with the outputs that succeeded in a batch that failed, under the policy continue", async () => {
    const told: string[] = [];
    const job = await start(beside(told, { fails: true }), "continue");
    await job.advance("1s");
    await expect(job.advance("1s")).rejects.toThrow("boom");
    expect(told.slice(2)).toEqual(["seen a-1000", "commit 2000 word"]);
  });

  test("that refuses is retried, without the other outputs", async () => {
    const told: string[] = [];
    const job = await start(beside(told, { refusals: 1 }));
    await job.advance("1s");
    expect(told).toEqual(["seen ", "commit 1000 word", "commit 1000 word"]);
    expect([await there(), job.warnings]).toEqual([["a-1000"], []]);
  });

  test("that keeps refusing fails the batch and discards its data, and the files stay", async () => {
    const told: string[] = [];
    const job = await start(beside(told, { refusals: 2 }));
    await expect(job.advance("1s")).rejects.toThrow(/SINK_COMMIT_FAILED\] commit of archive threw Error: conflict/);
    expect(told.slice(1)).toEqual(["commit 1000 word", "commit 1000 word", "abort 1000 word"]);
    expect(await there()).toEqual(["a-1000"]);
    expect(job.warnings).toEqual([
      expect.stringMatching(
        /^\[BATCH_FAILED\] .* failed: saveExternal to archive of queueStream: \[SINK_COMMIT_FAILED\]/,
      ),
    ]);
  });
});
