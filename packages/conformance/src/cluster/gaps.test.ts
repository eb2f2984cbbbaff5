import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, externalStream, type JobDefinition } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { beginInWords } from "@millrace/rpc/resumed";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, type MemoryClusterOptions, START } from "./memory-cluster.fixture.ts";
import { begins } from "./totals-job.fixture.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-gaps-"));
  mkdirSync(join(root, "in"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A file that was complete that many ms after the start. */
function file(name: string, afterMs: number, ...lines: readonly string[]): void {
  const path = join(root, "in", name);
  writeFileSync(path, lines.join("\n"));
  utimesSync(path, (START + afterMs) / 1_000, (START + afterMs) / 1_000);
}

/** Of these outputs. */
function records(output: string): readonly (readonly [number, string])[] {
  const out = join(root, "out");
  return readdirSync(out)
    .filter((name) => name.startsWith(`${output}-`))
    .sort()
    .flatMap((name) => {
      const parts = readdirSync(join(out, name)).filter((part) => part.startsWith("part-"));
      const lines = parts.flatMap((part) =>
        readFileSync(join(out, name, part), "utf8")
          .split("\n")
          .filter(Boolean),
      );
      const at = (Number(name.slice(output.length + 1)) - START) / 1_000;
      return lines.length === 0 ? [] : [[at, lines.sort().join(" ")] as const];
    });
}

const BATCH_MS = 1_000;

function words(windows = true): JobDefinition {
  const options = { name: "words", batchInterval: BATCH_MS, checkpointDir: join(root, "checkpoint") };
  return defineJob(options, (ssc) => {
    const lines = ssc.fileStream(join(root, "in"));
    const save = (name: string): string => join(root, "out", name);
    lines
      .map((word): [string, number] => [word, 1])
      .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
      .map(([word, total]) => `${word}=${total}`)
      .saveAsTextFiles(save("totals"));
    lines.saveAsTextFiles(save("lines"));
    if (!windows) return;
    lines.window("5s", "5s").saveAsTextFiles(save("tumbling"));
    lines
      .map((word): [string, number] => [word, 1])
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        "3s",
        undefined,
        { filter: ([, n]) => n > 0 },
      )
      .map(([word, n]) => `${word}=${n}`)
      .saveAsTextFiles(save("recent"));
    ssc
      .rateStream(2, { numPartitions: 1 })
      .map(({ value }) => String(value).padStart(3, "0"))
      .saveAsTextFiles(save("numbers"));
  });
}

async function start(
  job: JobDefinition,
  afterMs: number,
  options: MemoryClusterOptions = {},
  see: (cluster: MemoryCluster) => void = () => undefined,
): Promise<MemoryCluster> {
  const directory = mkdtempSync(join(root, "work-"));
  const cluster = await MemoryCluster.start(job, { directory, at: epochMs(START + afterMs), ...options });
  see(cluster);
  await cluster.idle();
  await cluster.join("e1", 2);
  return cluster;
}

/** What it said when it went on. */
function resumed({ events }: MemoryCluster): string {
  const built = events.find((event) => event.type === "built");
  return built?.type === "built" && built.log !== undefined ? beginInWords(built.log) : "";
}

const ONE = { conf: { "batches.missed": "one" } };

describe("one batch for the ticks that were missed", () => {
  /** Three batches, then nothing until second 67. */
  const interrupted = async (options: MemoryClusterOptions): Promise<MemoryCluster> => {
    const first = await start(words(), 0, options);
    file("f1", 500, "a", "b");
    await first.pass(1_100);
    file("f2", 1_500, "b");
    await first.pass(2_000);
    first.kill();
    await first.idle();
    file("f3", 20_000, "c"); // long before what file streams remember, at the end of the gap
    file("f4", 90_000, "d");
    const second = await start(words(), 97_300, options);
    await second.pass(3_000);
    file("f5", 99_900, "e");
    await second.pass(1_000);
    return second;
  };

  test("reads what came in the gap, and everything comes out once", async () => {
    const cluster = await interrupted(ONE);
    expect(resumed(cluster)).toContain(", 94 missed ticks in one batch");
    expect(records("lines")).toEqual([
      [1, "a b"],
      [2, "b"],
      [97, "c d"],
      [101, "e"],
    ]);
    expect(records("totals").at(-1)).toEqual([101, "a=1 b=2 c=1 d=1 e=1"]);
    expect(records("totals").map(([at]) => at)).toEqual([1, 2, 3, 5, 97, 98, 99, 100, 101]);
    await cluster.close();
  });

  test("closes the windows that had begun before it, so that each record is in one", async () => {
    const cluster = await interrupted(ONE);
    expect(records("tumbling")).toEqual([
      [5, "a b b"],
      [100, "c d"],
    ]);
    await cluster.close();
  });

  test("has in a window what was read within it, and nothing of the ticks without a batch", async () => {
    const cluster = await interrupted(ONE);
    expect(records("recent")).toEqual([
      [1, "a=1 b=1"],
      [2, "a=1 b=2"],
      [3, "a=1 b=2"],
      [97, "c=1 d=1"],
      [98, "c=1 d=1"],
      [99, "c=1 d=1"],
      [101, "e=1"],
    ]);
    await cluster.close();
  });

  test("gives a source that counts time all that fell into the gap", async () => {
    const cluster = await interrupted(ONE);
    const numbers = records("numbers")
      .flatMap(([, text]) => text.split(" "))
      .map(Number);
    expect(numbers).toEqual(Array.from({ length: 202 }, (_, i) => i));
    await cluster.close();
  });

  test("is not what happens unless it is asked for", async () => {
    const first = await start(words(false), 0);
    await first.pass(2_100);
    first.kill();
    await first.idle();
    file("f1", 4_500, "a");
    const second = await start(words(false), 8_300);
    await second.pass(100);
    expect(resumed(second)).toContain(", 6 missed ticks to catch up with");
    expect(records("lines")).toEqual([[5, "a"]]);
    await second.close();
  });
});

describe("up to what is there", () => {
  const NOW = { availableNow: true };

  test("a job reads the files that are there, commits, and ends; and again only what is new", async () => {
    file("f1", -90_000, "a", "b"); // long before the start
    file("f2", -10, "b");
    const first = await start(words(false), 0, NOW);
    await first.pass(100);
    expect([first.end, records("lines")]).toEqual(["finished", [[1, "a b b"]]]);
    await first.close();

    const nothing = await start(words(false), 3_600_000, NOW);
    await nothing.pass(100);
    expect([nothing.end, records("lines").length]).toEqual(["finished", 1]);
    expect(nothing.events.filter(({ type }) => type === "batch")).toHaveLength(2); // begins, and is over
    await nothing.close();

    file("f3", 3_700_000, "a");
    file("f4", 7_199_999, "c");
    const third = await start(words(false), 7_200_000, NOW);
    await third.pass(100);
    expect([third.end, records("lines").slice(1)]).toEqual(["finished", [[7_201, "a c"]]]);
    expect(records("totals").at(-1)).toEqual([7_201, "a=2 b=2 c=1"]);
    await third.close();
  });

  test("it takes several batches if a source gives so much at a time, at once, and then goes on ahead of the clock", async () => {
    let held = 5;
    const numbers = (): JobDefinition =>
      defineJob({ name: "numbers", batchInterval: "1m", checkpointDir: join(root, "checkpoint") }, (ssc) => {
        let next = 0;
        let limit = Number.POSITIVE_INFINITY;
        externalStream<readonly [number, number], string, undefined>(ssc, {
          label: "numbers",
          options: undefined,
          start: (last) => {
            next = last?.[0]?.[1] ?? 0;
          },
          limit: () => {
            limit = held;
          },
          hasMore: () => next < limit,
          fix: () => {
            const until = Math.min(next + 2, limit, held);
            const range = [next, until] as const;
            next = until;
            return range[0] === until ? [] : [range];
          },
          read: ([from, until]) => Array.from({ length: until - from }, (_, i) => String(from + i)),
        }).saveAsTextFiles(join(root, "out", "numbers"));
      });
    const first = await start(numbers(), 0, NOW);
    held = 6; // came after the start
    await first.pass(100);
    const minute = 60;
    const zero = Math.floor(START / 60_000) * 60 - START / 1_000;
    const at = (batch: number): number => zero + batch * minute;
    expect(first.end).toBe("finished");
    expect(records("numbers")).toEqual([
      [at(1), "0 1"],
      [at(2), "2 3"],
      [at(3), "4"],
    ]);
    await first.close();

    // The last batch was ahead of the clock: time goes on from there, and does not stand still until then.
    const second = await start(numbers(), 1_000);
    await second.pass(60_100);
    expect(records("numbers").slice(3)).toEqual([[at(4), "5"]]);
    await second.close();
  });

  test("the rest of a queue is given batch by batch", async () => {
    const seen: number[][] = [];
    const job = defineJob({ name: "queue", batchInterval: "1h" }, (ssc) => {
      ssc.queueStream([[1], [2, 3], [4]]).foreachRDD(async (rdd) => void seen.push(await rdd.collect()));
    });
    const cluster = await start(job, 0, NOW);
    await cluster.pass(100);
    expect([cluster.end, seen]).toEqual(["finished", [[1], [2, 3], [4]]]);
    await cluster.close();
  });

  test("a job with receivers is refused, by their names", async () => {
    const job = defineJob({ name: "socket", batchInterval: "1s" }, (ssc) => {
      ssc.socketTextStream("localhost", 1).named("lines").print();
    });
    const cluster = await start(job, 0, NOW);
    expect(cluster.end).toMatch(/^failed: \[NOT_BOUNDED\] .* but lines is a receiver/);
    await cluster.close();
  });

  test("a batch that was cut off by a kill is run again first, with its input", async () => {
    file("f1", -10, "a");
    const first = await start(words(false), 0, NOW);
    await first.pass(100);
    await first.close();
    file("f2", 10_000, "b");
    let killed = (): boolean => false;
    const second = await start(words(false), 20_000, NOW, (cluster) => {
      killed = cluster.once(begins("answer"), () => cluster.kill()); // of its first action
    });
    await second.idle();
    expect([killed(), records("lines").length]).toEqual([true, 1]);
    file("f3", 21_500, "c");
    const third = await start(words(false), 30_000, NOW);
    await third.pass(100);
    expect(third.end).toBe("finished");
    expect(records("lines")).toEqual([
      [1, "a"],
      [21, "b"],
      [31, "c"],
    ]);
    await third.close();
  });
});
