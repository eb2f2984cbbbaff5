import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, Receiver, type StreamingContext, TaskContext } from "@millrace/api";
import { deferred } from "@millrace/base";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type TestJob, type TestJobOptions, testJob } from "./test-job.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  vi.restoreAllMocks();
});

async function start(build: (ssc: StreamingContext, args: readonly string[]) => unknown, options: TestJobOptions = {}) {
  const job: TestJob = await testJob(defineJob({ name: "under-test", batchInterval: "1s" }, build), options);
  closing.push(() => job.stop());
  return job;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "millrace-testing-"));
  closing.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

const lines = (ssc: StreamingContext) => ssc.socketTextStream("localhost", 9999);
const SOCKET = "localhost:9999";

describe("a chat room", () => {
  const room = (ssc: StreamingContext) =>
    lines(ssc)
      .flatMap((line) => line.split(" "))
      .map((word) => [word, 1])
      .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
      .print();

  test("counts words from batch to batch", async () => {
    const t = await start(room);
    t.feed(SOCKET, ["a b a"]);
    await t.advance("1s");
    expect(t.printed()).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    t.feed(SOCKET, ["b c"]);
    await t.advance("1s");
    expect(new Map(t.printed() as [string, number][])).toEqual(new Map(Object.entries({ a: 2, b: 2, c: 1 })));
  });

  test("counts the same with more partitions, in another order", async () => {
    const t = await start(room, { parallelism: 4 });
    t.feed(SOCKET, ["a b a"]);
    await t.advance("1s");
    expect(new Map(t.printed() as [string, number][])).toEqual(new Map(Object.entries({ a: 2, b: 1 })));
  });
});

describe("virtual time", () => {
  const times = (seen: number[]) => (ssc: StreamingContext) => lines(ssc).foreachRDD((_, time) => seen.push(time));

  test("moves only by advance, which runs exactly the batches that are due", async () => {
    const seen: number[] = [];
    const t = await start(times(seen));
    await t.advance("900ms");
    expect(seen).toEqual([]);
    await t.advance(100);
    expect(seen).toEqual([1000]);
    await t.advance("2.5s");
    expect(seen).toEqual([1000, 2000, 3000]);
    expect(t.time).toBe(3500);
  });

  test("begins at the time that the test sets; batches are at multiples of the interval", async () => {
    const seen: number[] = [];
    const t = await start(times(seen), { startTime: new Date("2026-11-23T20:17:30.250Z") });
    await t.advance("1s");
    expect(seen.map((time) => new Date(time).toISOString())).toEqual(["2026-11-23T20:17:31.000Z"]);
  });

  test("runs one advance after the other even if they are not awaited", async () => {
    const seen: number[] = [];
    const t = await start(times(seen));
    await Promise.all([t.advance("1s"), t.advance("1s")]);
    expect(seen).toEqual([1000, 2000]);
  });

  test.each(["0s", -1, "soon"])("refuses to advance by %j", async (by) => {
    const t = await start(times([]));
    expect(() => t.advance(by)).toThrow("[BAD_DURATION]");
  });
});

describe("feeding a source", () => {
  test("lasts until the next batch; each call is a partition, in order", async () => {
    const t = await start((ssc) => lines(ssc).glom().print());
    t.feed(SOCKET, ["a", "b"]);
    t.feed(SOCKET, []);
    t.feed(SOCKET, ["c"]);
    await t.advance("1s");
    expect(t.printed()).toEqual([["a", "b"], ["c"]]);
    await t.advance("1s");
    expect(t.printed()).toEqual([]);
  });

  test("replaces the decoded records of a socket, and the stored ones of a receiver", async () => {
    class Sensor extends Receiver<{ readonly degrees: number }> {
      override onStart(): void {
        throw new Error("a test starts no receiver");
      }
      override onStop(): void {}
    }
    const t = await start((ssc) => {
      ssc.socketStream("sensors.local", 7000, async function* () {}).print();
      ssc.receiverStream(new Sensor()).named("thermometer").print();
    });
    expect(t.sources).toEqual(["sensors.local:7000", "thermometer"]);
    t.feed("sensors.local:7000", [1n]);
    t.feed("thermometer", [{ degrees: -0 }]);
    t.feed(1, [{ degrees: 3 }]);
    await t.advance("1s");
    expect(t.printed(0)).toEqual([1n]);
    expect(t.printed("thermometer")).toEqual([{ degrees: -0 }, { degrees: 3 }]);
  });

  test("names the existing sources when it is given another", async () => {
    const t = await start((ssc) => lines(ssc).print());
    expect(() => t.feed("localhost:9998", ["a"])).toThrow(
      /^\[TEST_SOURCE_UNKNOWN\] there is no source "localhost:9998".*The job's sources, by number: 0 is "localhost:9999";/,
    );
  });

  test("reports that a job has none to feed", async () => {
    const t = await start((ssc) => ssc.queueStream([["a"]]).print());
    expect(() => t.feed(SOCKET, ["a"])).toThrow("The job has no source that can be fed");
    await t.advance("1s");
    expect(t.printed()).toEqual(["a"]);
  });

  test("refuses anything but lines for a stream of lines", async () => {
    const t = await start((ssc) => lines(ssc).print());
    expect(() => t.feed(SOCKET, [1])).toThrow("[TEST_FEED_REFUSED]");
    expect(() => t.feed(SOCKET, "a b")).toThrow("[TEST_FEED_REFUSED] feed takes an iterable of records, not 'a b'");
  });
});

test("fed records stay for the windows that still read them", async () => {
  const t = await start((ssc) => lines(ssc).window("3s", "1s").print());
  const seen: unknown[] = [];
  for (const line of ["a", "b", undefined, undefined, undefined]) {
    if (line !== undefined) t.feed(SOCKET, [line]);
    await t.advance("1s");
    seen.push(t.printed());
  }
  expect(seen).toEqual([["a"], ["a", "b"], ["a", "b"], ["b"], []]);
});

describe("the printed records", () => {
  test.each(["print", "pprint"] as const)("are all of them, however many %s shows", async (print) => {
    const t = await start((ssc) => lines(ssc)[print](2));
    t.feed(SOCKET, ["a", "b", "c"]);
    await t.advance("1s");
    expect(t.printed()).toEqual(["a", "b", "c"]);
    expect(t.output.split("\n").slice(3, 6)).toEqual(["a", "b", "..."]);
  });

  test("are none before the first batch, and are selected by name if there are several prints", async () => {
    const t = await start((ssc) => {
      const words = lines(ssc).named("words");
      words.print();
      words.map((word) => word.length).print();
    });
    expect(t.printed()).toEqual([]);
    t.feed(SOCKET, ["abc"]);
    await t.advance("1s");
    expect(t.printed("words")).toEqual(["abc"]);
    expect(t.printed(1)).toEqual([3]);
    expect(() => t.printed()).toThrow(/^\[TEST_PRINT_UNKNOWN\] the job has 2 prints.*0: "words", 1: "map/);
    expect(() => t.printed("lengths")).toThrow("[TEST_PRINT_UNKNOWN]");
  });

  test("do not exist for a job that prints nothing", async () => {
    const t = await start((ssc) => lines(ssc).foreachRDD(() => {}));
    await t.advance("1s");
    expect(() => t.printed()).toThrow("[TEST_PRINT_UNKNOWN]");
  });
});

describe("outputs", () => {
  test("run for real: files appear when they are complete", async () => {
    const out = join(await folder(), "words");
    const t = await start((ssc, [prefix = ""]) => lines(ssc).saveAsTextFiles(prefix, "txt"), { args: [out] });
    t.feed(SOCKET, ["a", "b"]);
    await t.advance("1s");
    expect((await readdir(`${out}-1000.txt`)).sort()).toEqual(["_SUCCESS", "part-00000"]);
    expect(await readFile(`${out}-1000.txt/part-00000`, "utf8")).toBe("a\nb\n");
  });

  test("include the job's console output, on the driver and in operators", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const t = await start((ssc) => {
      console.log("building");
      lines(ssc)
        .map((line) => {
          console.log("saw %s", line);
          return line;
        })
        .foreachRDD(async (rdd) => console.warn(`${await rdd.count()} lines`));
    });
    t.feed(SOCKET, ["a"]);
    await t.advance("1s");
    console.log("not of the job");
    expect(t.log).toEqual(["building", "saw a", "1 lines"]);
    await t.stop();
    expect(log).toHaveBeenCalledWith("not of the job");
  });
});

describe("a batch that fails", () => {
  const failing = (ssc: StreamingContext) =>
    lines(ssc)
      .map((line) => {
        if (line === "bad") throw new RangeError("not this one");
        return line;
      })
      .print();

  test("rejects advance with the operator and the author's error, and ends the job", async () => {
    const t = await start(failing);
    t.feed(SOCKET, ["bad"]);
    const error: unknown = await t.advance("3s").then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    const message = expect.stringMatching(
      /threw RangeError: not this one \(at test-job\.test\.ts:\d+:\d+\)\. Correct the function, or catch the error\. Its batch fails\. task\.attempts\.max sets the number of attempts\.$/,
    );
    expect(error).toMatchObject({ code: "TASK_FAILED", message });
    expect(causes(error).at(-1)).toMatchObject({ name: "RangeError", message: "not this one" });
    expect(t.time).toBe(1000);
    await expect(t.advance("1s")).rejects.toThrow(/^\[TEST_JOB_ENDED\].*not this one/);
    expect(() => t.feed(SOCKET, ["good"])).toThrow("[TEST_JOB_ENDED]");
  });

  test("is left behind when the job continues", async () => {
    const t = await start(failing, { conf: { "batch.failure": "continue" } });
    t.feed(SOCKET, ["bad"]);
    await expect(t.advance("1s")).rejects.toThrow("not this one");
    t.feed(SOCKET, ["good"]);
    await t.advance("1s");
    expect(t.printed()).toEqual(["good"]);
  });

  test("rejects with the error of a driver body as its cause", async () => {
    const error = new TypeError("no database");
    const t = await start((ssc) =>
      lines(ssc).foreachRDD(() => {
        throw error;
      }),
    );
    await expect(t.advance("1s")).rejects.toMatchObject({ code: "JOB_CODE_FAILED", cause: error });
  });

  function causes(error: unknown): unknown[] {
    return error instanceof Error ? [error, ...causes(error.cause)] : [];
  }
});

describe("functions and records", () => {
  class Point {
    readonly x: number;
    constructor(x: number) {
      this.x = x;
    }
    get double(): number {
      return this.x * 2;
    }
  }

  test("functions run as they are; records are copies after a shuffle, instances of their class", async () => {
    const made: Point[] = [];
    const t = await start((ssc) =>
      lines(ssc)
        .map((line) => {
          const point = new Point(Number(line));
          made.push(point);
          return [line, point];
        })
        .groupByKey()
        .print(),
    );
    t.feed(SOCKET, ["2", "-0"]);
    await t.advance("1s");
    const points = (t.printed() as [string, Point[]][]).flatMap(([, group]) => group);
    expect(points.map((point) => point.double)).toEqual([4, -0]);
    expect(points.every((point) => point instanceof Point && !made.includes(point))).toBe(true);
  });

  test("records that cannot cross processes are refused here too", async () => {
    class Secret {
      readonly #hidden = 1;
      get hidden(): number {
        return this.#hidden;
      }
    }
    for (const record of [() => 1, new Secret(), new URL("http://localhost")]) {
      const t = await start((ssc) =>
        lines(ssc)
          .map(() => record as unknown)
          .repartition(2)
          .print(),
      );
      t.feed(SOCKET, ["a"]);
      await expect(t.advance("1s")).rejects.toThrow("[RECORD_NOT_ENCODABLE]");
    }
  });

  test("a failed attempt's additions to an accumulator do not count, and a broadcast value is available", async () => {
    const totals: number[] = [];
    let attempts = 0;
    const t = await start((ssc) => {
      const seen = ssc.longAccumulator("seen");
      const factor = ssc.broadcast({ by: 10 });
      lines(ssc)
        .map((line) => {
          seen.add(1);
          if (TaskContext.get().attemptNumber === 0) throw new Error("the first attempt fails");
          return Number(line) * factor.value.by;
        })
        .foreachRDD(async (rdd) => {
          attempts += 1;
          totals.push(...(await rdd.collect()), seen.value);
        });
    });
    t.feed(SOCKET, ["1", "2"]);
    await t.advance("1s");
    expect(totals).toEqual([10, 20, 2]);
    expect(attempts).toBe(1);
  });
});

describe("the end of a job", () => {
  test("by itself: later batches do not run", async () => {
    let batches = 0;
    const t = await start((ssc) =>
      lines(ssc).foreachRDD(() => {
        batches += 1;
        if (batches === 2) ssc.stop();
      }),
    );
    await t.advance("5s");
    expect(batches).toBe(2);
    await expect(t.advance("1s")).rejects.toThrow("[TEST_JOB_ENDED]");
  });

  test("gracefully by itself: received records are still processed", async () => {
    const seen: string[] = [];
    const t = await start((ssc) =>
      lines(ssc).foreachRDD(async (rdd, time) => {
        seen.push(...(await rdd.collect()));
        if (time !== 1000) return;
        t.feed(SOCKET, ["late"]);
        ssc.stop({ graceful: true });
      }),
    );
    t.feed(SOCKET, ["early"]);
    await t.advance("5s");
    expect(seen).toEqual(["early", "late"]);
  });

  test("by the test, even in the middle of a batch, and twice; nothing of it is left", async () => {
    const out = await folder();
    const before = new Set(await scratches());
    const [begun, go] = [deferred<void>(), deferred<void>()];
    const t = await start((ssc) => {
      ssc.checkpoint(join(out, "state"));
      lines(ssc).foreachRDD(() => {
        begun.resolve();
        return go.promise;
      });
    });
    const [own = ""] = (await scratches()).filter((name) => !before.has(name));
    const advanced = t.advance("1s");
    await begun.promise;
    const stopped = t.stop();
    go.resolve();
    await Promise.all([advanced, stopped, t.stop()]);
    expect(existsSync(join(tmpdir(), own))).toBe(false);
  });

  async function scratches(): Promise<string[]> {
    return (await readdir(tmpdir())).filter((name) => name.startsWith("millrace-testjob-"));
  }
});
