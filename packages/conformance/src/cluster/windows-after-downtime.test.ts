import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, type JobDefinition } from "@millrace/api";
import { epochMs } from "@millrace/base";
import { beginInWords } from "@millrace/rpc/resumed";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, type MemoryClusterOptions, START } from "./memory-cluster.fixture.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-windows-"));
  mkdirSync(join(root, "in"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A file that was complete half a second before the batch of a second. */
function feed(second: number, line: string): void {
  const path = join(root, "in", `f${second}`);
  writeFileSync(path, line);
  const at = START / 1_000 + second - 0.5;
  utimesSync(path, at, at);
}

/** By second, the lines of an output that has any. */
function saved(output: string): Readonly<Record<number, string>> {
  const out = join(root, "out");
  const found: Record<number, string> = {};
  for (const name of readdirSync(out)) {
    if (!name.startsWith(`${output}-`)) continue;
    const parts = readdirSync(join(out, name)).filter((part) => part.startsWith("part-"));
    const lines = parts.flatMap((part) =>
      readFileSync(join(out, name, part), "utf8")
        .split("\n")
        .filter(Boolean),
    );
    if (lines.length > 0) found[(Number(name.slice(output.length + 1)) - START) / 1_000] = lines.sort().join(" ");
  }
  return found;
}

/** @param span Of both windows, in seconds. */
const job = (span: number, remember?: string): JobDefinition =>
  defineJob({ name: "windows", batchInterval: "1s", checkpointDir: join(root, "checkpoint") }, (ssc) => {
    if (remember !== undefined) ssc.remember(remember);
    const lines = ssc.fileStream(join(root, "in")).named("logs");
    lines
      .window(`${span}s`)
      .saveAsTextFiles(join(root, "out", "whole"))
      .named("saved");
    lines
      .map((word): [string, number] => [word, 1])
      .reduceByKeyAndWindow(
        (a, b) => a + b,
        (a, b) => a - b,
        `${span}s`,
        undefined,
        { filter: ([, n]) => n > 0 },
      )
      .named("counts")
      .map(([word, n]) => `${word}=${n}`)
      .saveAsTextFiles(join(root, "out", "counts"))
      .named("counted");
  });

/** Runs it from a second on, for some seconds, and kills it. */
async function run(
  definition: JobDefinition,
  { from, until, ...options }: MemoryClusterOptions & { readonly from: number; readonly until: number },
) {
  const cluster = await MemoryCluster.start(definition, {
    ...{ executors: 1, directory: mkdtempSync(join(root, "work-")), at: epochMs(START + from * 1_000 + 100) },
    ...options,
  });
  await cluster.idle();
  await cluster.join("e1", 2);
  await cluster.pass((until - from) * 1_000 + 100);
  const { warnings, end, events } = cluster;
  cluster.kill();
  await cluster.idle();
  await cluster.close();
  const built = events.find((event) => event.type === "built");
  return {
    ...{ warnings, end },
    resumed: built?.type === "built" && built.log !== undefined ? beginInWords(built.log) : "",
  };
}

/** What a window of so many seconds has in each of these, of files that the batches of some seconds read. */
function expected(span: number, fed: readonly number[], seconds: readonly number[]): Readonly<Record<number, string>> {
  const found: Record<number, string> = {};
  for (const at of seconds) {
    const words = fed.filter((second) => second > at - span && second <= at).map((second) => `w${second}`);
    if (words.length > 0) found[at] = words.sort().join(" ");
  }
  return found;
}

const counted = (windows: Readonly<Record<number, string>>): Readonly<Record<number, string>> =>
  Object.fromEntries(
    Object.entries(windows).map(([at, words]) => [at, words.replaceAll(/w\d+/g, (word) => `${word}=1`)]),
  );

const seconds = (from: number, until: number): readonly number[] =>
  Array.from({ length: until - from + 1 }, (_, i) => from + i);

describe("a window that was made longer", () => {
  const FED = seconds(1, 8);
  /** Of 2 s, up to second 5. What the first start has read is known to the second one as far as its log goes back. */
  async function ran(remember?: string): Promise<void> {
    for (const at of FED) feed(at, `w${at}`);
    await run(job(2, remember), { from: 0, until: 4 });
    await run(job(2, remember), { from: 4, until: 5 });
  }
  const since = (first: number): Readonly<Record<number, string>> => ({
    ...expected(2, FED, seconds(1, 5)),
    ...expected(6, seconds(first, 8), seconds(6, 8)),
  });

  test("is named before the start if it has state, and nothing is changed", async () => {
    await ran();
    const before = [saved("whole"), saved("counts")];
    const { end } = await run(job(6), { from: 5, until: 6 });
    expect(end).toMatch(/\[CHECKPOINT_MISMATCH\] .*"counts": it is state of .* of 2 s by 1 s, .* --drop counts/);
    expect([saved("whole"), saved("counts")]).toEqual(before);
    expect((await run(job(2), { from: 6, until: 7 })).end).toBeUndefined();
  });

  test("has the batches that are still remembered, and fills up", async () => {
    await ran();
    const { end, warnings } = await run(job(6), { from: 5, until: 8, drop: ["counts"] });
    expect(end).toBeUndefined();
    expect(warnings).toContain("CHECKPOINT_CHANGED");
    expect(saved("whole")).toEqual(since(2));
    expect(saved("counts")).toEqual(counted(since(2)));
  });

  test("is complete at once if the job had remembered as much", async () => {
    await ran("6s");
    await run(job(6), { from: 5, until: 8, drop: ["counts"] });
    expect(saved("whole")).toEqual(since(1));
    expect(saved("counts")).toEqual(counted(since(1)));
  });
});

describe("a job that was down for longer than its windows look back", () => {
  const FED = [1, 2, 3, 5, 8, 9];
  async function downUntil(second: number, conf: Readonly<Record<string, string>>): Promise<string> {
    for (const at of FED) if (at <= 3) feed(at, `w${at}`);
    await run(job(3), { from: 0, until: 3 });
    for (const at of FED) if (at > 3) feed(at, `w${at}`);
    const { resumed, end, warnings } = await run(job(3), { from: second, until: 11, conf });
    expect([end, warnings]).toEqual([undefined, []]);
    return resumed;
  }

  test("has every window, as if it had not been down, when it makes up for each tick", async () => {
    expect(await downUntil(8, {})).toContain(", 5 missed ticks to catch up with");
    const windows = expected(3, FED, seconds(1, 11));
    expect(saved("whole")).toEqual(windows);
    expect(saved("counts")).toEqual(counted(windows));
  });

  test("has what came meanwhile in one batch, and nothing from before in a window with it", async () => {
    expect(await downUntil(8, { "batches.missed": "one" })).toContain(", 5 missed ticks in one batch");
    const windows = {
      ...expected(3, FED, seconds(1, 3)),
      8: "w5 w8",
      9: "w5 w8 w9",
      10: "w5 w8 w9",
      11: "w9",
    };
    expect(saved("whole")).toEqual(windows);
    expect(saved("counts")).toEqual(counted(windows));
  });
});
