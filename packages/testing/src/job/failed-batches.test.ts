import { type DStream, defineJob, type State, type StreamingContext } from "@millrace/api";
import { afterEach, describe, expect, test } from "vitest";
import { type TestJob, testJob } from "./test-job.ts";

const SOCKET = "localhost:9999";
const running: TestJob[] = [];
afterEach(async () => {
  for (const job of running.splice(0)) await job.stop();
});

async function start(
  build: (ssc: StreamingContext) => void,
  failure: "stop" | "continue" = "continue",
): Promise<TestJob> {
  const job = defineJob({ name: "fails", batchInterval: "1s" }, build);
  const t = await testJob(job, { conf: { "batch.failure": failure, "task.attempts.max": 1 } });
  running.push(t);
  return t;
}

const lines = (ssc: StreamingContext): DStream<string> => ssc.socketTextStream("localhost", 9999);
const counted = (words: DStream<string>): DStream<[string, number]> =>
  words
    .map((word): [string, number] => [word, 1])
    .updateStateByKey((values: number[], before: number | undefined) => (before ?? 0) + values.length);
const checked = (words: DStream<string>): DStream<string> =>
  words.map((word) => {
    if (word === "bad") throw new Error("no such word");
    return word;
  });
/** The output of `print` for a stream in the last batch; empty if it did not run. */
function shown(t: TestJob, stream: string): string[] {
  try {
    return t.printed(stream).map(String);
  } catch {
    return [];
  }
}

/** The output of each batch, with "failed" for failed ones. */
async function batches(t: TestJob, input: readonly (readonly string[])[]): Promise<unknown[]> {
  const given: unknown[] = [];
  for (const words of input) {
    t.feed(SOCKET, words);
    const failed = await t.advance("1s").then(
      () => [],
      () => ["failed"],
    );
    given.push([...failed, ...shown(t, "counts").sort()]);
  }
  return given;
}

describe("when an output fails", () => {
  const withOutput = (where: "before" | "after") => (ssc: StreamingContext) => {
    const words = lines(ssc);
    const counts = counted(words);
    const fails = () =>
      words.foreachRDD((_, time) => {
        if (time === 2000) throw new Error("boom");
      });
    if (where === "before") fails();
    counts.named("counts").print();
    if (where === "after") fails();
  };

  test.each(["before", "after"] as const)("the outputs %s it run, and state advances", async (where) => {
    const t = await start(withOutput(where === "before" ? "after" : "before"));
    expect(await batches(t, [["a"], ["a"], ["a"]])).toEqual([["a,1"], ["failed", "a,2"], ["a,3"]]);
  });

  test("the operator is told once, with all failures", async () => {
    const t = await start((ssc) => {
      const words = lines(ssc);
      words.foreachRDD(() => {
        throw new Error("first");
      });
      words.foreachRDD(() => {
        throw new Error("second");
      });
    });
    t.feed(SOCKET, ["a"]);
    await expect(t.advance("1s")).rejects.toThrow("first");
    expect(t.warnings).toEqual([
      expect.stringMatching(
        /^\[BATCH_FAILED\] batch 1970-01-01T00:00:01.000Z failed: .*Error: first \(at .*; .*Error: second \(at /,
      ),
    ]);
  });

  test("under batch.failure=stop the other outputs are tried too, then the job ends", async () => {
    const t = await start(withOutput("before"), "stop");
    expect(await batches(t, [["a"], ["a"]])).toEqual([["a,1"], ["failed", "a,2"]]);
    await expect(t.advance("1s")).rejects.toThrow("[TEST_JOB_ENDED]");
  });

  test("a stream whose transform fails fails only its own outputs, and its function is called once", async () => {
    let calls = 0;
    const t = await start((ssc) => {
      const words = lines(ssc);
      const none = words.transform(() => {
        calls += 1;
        throw new Error("no stream");
      });
      none.foreachRDD(() => undefined);
      none.foreachRDD(() => undefined);
      words.print();
    });
    t.feed(SOCKET, ["a"]);
    await expect(t.advance("1s")).rejects.toThrow("no stream");
    expect(t.printed()).toEqual(["a"]);
    expect(calls).toBe(1);
  });
});

describe("state that could not be computed", () => {
  test("stays as it was, and continues from there; outputs that do not read it run", async () => {
    const t = await start((ssc) => {
      const words = lines(ssc);
      counted(checked(words)).named("counts").print();
      words.print();
    });
    const input = [["a"], ["a", "bad"], ["a"]];
    expect(await batches(t, input)).toEqual([["a,1"], ["failed"], ["a,2"]]);
    expect(t.warnings.join()).toMatch(/the state of updateStateByKey, which stays as it was before the batch/);
  });

  test("does not hold back other state, not even of its own stream", async () => {
    const t = await start((ssc) => {
      const words = lines(ssc);
      const sums = counted(checked(words));
      counted(words).named("counts").print();
      counted(sums.map(([word]) => word))
        .named("of-sums")
        .print();
    });
    const input = [["a"], ["bad"], ["a"], ["b"]];
    expect(await batches(t, input)).toEqual([
      ["a,1"],
      ["failed", "a,1", "bad,1"],
      ["a,2", "bad,1"],
      ["a,2", "b,1", "bad,1"],
    ]);
    await t.advance("1s");
    // The state upon state had batches 1, 3, 4 and 5.
    expect(shown(t, "of-sums").sort()).toEqual(["a,4", "b,2"]);
  });

  test("of mapWithState stays as it was, in its snapshots too", async () => {
    const t = await start((ssc) => {
      checked(lines(ssc))
        .map((word): [string, number] => [word, 1])
        .mapWithState((_: string, n: number | undefined, state: State<number>) =>
          state.update((state.getOption() ?? 0) + (n ?? 0)),
        )
        .stateSnapshots()
        .named("counts")
        .print();
    });
    expect(await batches(t, [["a"], ["a", "bad"], ["a"]])).toEqual([["a,1"], ["failed"], ["a,2"]]);
  });

  test("of a window with an inverse recovers once the failed batch has left the window", async () => {
    const t = await start((ssc) =>
      checked(lines(ssc))
        .map((word): [string, number] => [word, 1])
        .reduceByKeyAndWindow(
          (a, b) => a + b,
          (a, b) => a - b,
          "2s",
        )
        .named("counts")
        .print(),
    );
    expect(await batches(t, [["a"], ["bad"], ["a"], ["b"], ["b"]])).toEqual([
      ["a,1"],
      ["failed"],
      ["failed"],
      ["a,1", "b,1"],
      ["a,0", "b,2"],
    ]);
  });
});

test("a persisted stream that failed is computed again for a window that still reads it", async () => {
  let down = true;
  const t = await start((ssc) => {
    const read = lines(ssc).map((word) => {
      if (word === "late" && down) throw new Error("not there yet");
      return word;
    });
    read.window("2s").print();
  });
  t.feed(SOCKET, ["late"]);
  await expect(t.advance("1s")).rejects.toThrow("not there yet");
  down = false;
  t.feed(SOCKET, ["a"]);
  await t.advance("1s");
  expect(t.printed()).toEqual(["late", "a"]);
});
