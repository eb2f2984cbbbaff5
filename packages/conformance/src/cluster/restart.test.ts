import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineJob, externalStream, type JobDefinition, saveExternal } from "@millrace/api";
import { epochMs, SeededRng } from "@millrace/base";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, START, type Traffic } from "./memory-cluster.fixture.ts";

const FILES = [["a", "b", "a"], ["b", "c"], ["a"], ["c", "c", "b"], ["d"]];

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-restart-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Files and ranges as input, state, windows of three kinds, one of them over state; outputs of files, and a sink among them. */
function words(root: string, sunk: Map<number, string>, refuses: (time: number) => boolean): JobDefinition {
  mkdirSync(join(root, "in"), { recursive: true });
  FILES.forEach((lines, i) => {
    const file = join(root, "in", `file-${i}`);
    const at = (START + i * 1_000 + 500) / 1_000;
    writeFileSync(file, lines.join("\n"));
    utimesSync(file, at, at);
  });
  const options = { name: "words", batchInterval: "1s", checkpointDir: join(root, "checkpoint") } as const;
  return defineJob(options, (ssc) => {
    const lines = ssc.fileStream(join(root, "in"), { newFilesOnly: false });
    const totals = lines
      .map((word): [string, number] => [word, 1])
      .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
      .map(([word, total]) => `${word}=${total}`);
    totals.saveAsTextFiles(join(root, "out", "totals"));
    saveExternal(totals, {
      label: "sink",
      options: undefined,
      open: () => {
        const records: string[] = [];
        return { write: (some) => void records.push(...some), close: () => records.join(" ") };
      },
      commit: (time, written) => {
        if (refuses(time)) throw new Error("no");
        sunk.set(time, written.join(" ").split(" ").sort().join(" "));
      },
    });
    let position = 0;
    externalStream<number, string, undefined>(ssc, {
      label: "numbers",
      options: undefined,
      start: (last) => {
        position = last?.[0] === undefined ? 0 : last[0] + 1;
      },
      fix: () => [position++],
      read: (n) => [`number ${n}`],
    }).saveAsTextFiles(join(root, "out", "numbers"));
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
      .saveAsTextFiles(join(root, "out", "recent"));
    totals.window("2s").saveAsTextFiles(join(root, "out", "twice"));
    lines.window("3s").saveAsTextFiles(join(root, "out", "window"));
  });
}

/** The visible part of the outputs. */
function visible(root: string): readonly string[] {
  const out = join(root, "out");
  return readdirSync(out)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => {
      const files = readdirSync(join(out, name)).filter((file) => file.startsWith("part-"));
      const records = files.flatMap((file) => readFileSync(join(out, name, file), "utf8").split("\n"));
      return `${name}: ${records.filter(Boolean).sort().join(" ")}`;
    });
}

async function start(
  job: JobDefinition,
  at: number,
  see: (step: Traffic, cluster: MemoryCluster) => boolean = () => false,
  conf: Readonly<Record<string, string>> = {},
): Promise<MemoryCluster> {
  const work = mkdtempSync(join(directory, "work-"));
  const cluster = await MemoryCluster.start(job, { executors: 2, directory: work, at: epochMs(at), conf });
  cluster.once(
    (step) => see(step, cluster),
    () => undefined,
  );
  await cluster.idle();
  for (const name of ["e1", "e2"]) await cluster.join(name);
  return cluster;
}

const BATCHES = FILES.length;
const END = START + BATCHES * 1_000 + 100;

interface Run {
  /** The outputs that are visible in the end, of the batches that read files. */
  readonly outputs: readonly string[];
  /** Everything that passed, in words. */
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
}

/** Runs the job until all files are read; after a number of steps everything is killed, and started anew a little later. */
async function run(killAfter = Number.POSITIVE_INFINITY): Promise<Run> {
  const root = mkdtempSync(join(directory, "run-"));
  const sunk = new Map<number, string>();
  const job = words(root, sunk, () => false);
  const steps: string[] = [];
  const killed = (): boolean => steps.length > killAfter;
  let cluster = await start(job, START, (step, it) => {
    steps.push(inWords(step, root));
    if (killed()) it.kill();
    return killed();
  });
  while (cluster.clock.now() < END && !killed()) await cluster.pass(100);
  const warnings = [...cluster.warnings];
  if (killed()) {
    await cluster.idle(); // what the dead executors' threads had begun
    cluster = await start(job, cluster.clock.now() + 2_345); // two ticks are missed
    await cluster.pass(Math.max(500, END - cluster.clock.now()));
    warnings.push(...cluster.warnings);
  }
  const sinks = [...sunk].map(([time, text]) => `sink-${time}: ${text}`);
  const outputs = [...visible(root), ...sinks].filter((line) => Number(/\d+/.exec(line)?.[0]) < END).sort();
  await cluster.close();
  return { outputs, steps, warnings };
}

/** `after append log`, `before publish out/totals`, `toThread runBatch`. */
function inWords(step: Traffic, root: string): string {
  if (step.what !== "file") return `${step.what} ${step.message.type}`;
  const { type, path, when } = step.message;
  if (path.startsWith(join(root, "checkpoint", "owner"))) return `${when} ${type} lease`;
  const where = path.startsWith(join(root, "checkpoint")) ? "log" : path.slice(root.length + 1).replace(/-\d.*/, "");
  return `${when} ${type} ${where}`;
}

describe("killed at any step of a batch and started again, a job goes on as if nothing had happened", () => {
  let whole: Run;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "millrace-restart-"));
    whole = await run();
    rmSync(directory, { recursive: true });
  });
  const undisturbed = [
    ...["a=2 b=1", "a=2 b=2 c=1", "a=3 b=2 c=1", "a=3 b=3 c=3", "a=3 b=3 c=3 d=1"].flatMap((totals, i) => [
      `sink-${START + (i + 1) * 1_000}: ${totals}`,
      `totals-${START + (i + 1) * 1_000}: ${totals}`,
      `numbers-${START + (i + 1) * 1_000}: number ${i}`,
    ]),
    ...Object.entries({
      window: ["a a b", "a a b b c", "a a a b b c", "a b b c c c", "a b c c d"],
      recent: ["a=2 b=1", "a=2 b=2 c=1", "a=3 b=2 c=1", "a=1 b=2 c=3", "a=1 b=1 c=2 d=1"],
      twice: [
        "a=2 b=1",
        "a=2 a=2 b=1 b=2 c=1",
        "a=2 a=3 b=2 b=2 c=1 c=1",
        "a=3 a=3 b=2 b=3 c=1 c=3",
        "a=3 a=3 b=3 b=3 c=3 c=3 d=1",
      ],
    }).flatMap(([output, batches]) => batches.map((records, i) => `${output}-${START + (i + 1) * 1_000}: ${records}`)),
  ].sort();

  test("nothing happens: each batch is visible once", () => {
    expect(whole.outputs).toEqual(undisturbed);
  });

  /** The position of a step in the third batch, in which the state and the window have a past. */
  const stepOf = (name: string, occurrence: number): number => {
    const turns = whole.steps.flatMap((step, at) => (step === "toThread fixInput" ? [at] : []));
    let at = (turns[2] ?? 0) - 1;
    for (let n = 0; n < occurrence; n++) at = whole.steps.indexOf(name, at + 1);
    expect(at).toBeGreaterThan(0); // the step exists
    expect(at).toBeLessThan(turns[3] ?? 0); // and belongs to the third batch
    return at;
  };

  test.each([
    ["toThread fixInput", 1],
    ["fromThread inputFixed", 1],
    ["before append log", 1], // planned
    ["after append log", 1],
    ["toThread runBatch", 1],
    ["toExecutor launch", 1],
    ["toDriver tasks", 1],
    ["toExecutor launch", 4],
    ["after write out/.totals", 1],
    ["fromThread outputsDone", 1],
    ["before append log", 2], // prepared
    ["after append log", 2],
    ["toThread commit", 1],
    ["before publish out/totals", 1],
    ["after publish out/totals", 1],
    ["before remove out/.totals", 2],
    ["before publish out/window", 1], // the sink is committed
    ["after remove out/.window", 2],
    ["fromThread committed", 1],
    ["before append log", 3], // committed
    ["after append log", 3],
    ["fromThread logged", 3],
  ])("%s (%i)", async (name, occurrence) => {
    const { outputs, steps } = await run(stepOf(name, occurrence));
    expect(steps.at(-1)).toBe(name); // the fault has struck
    expect(outputs).toEqual(undisturbed);
  });

  test.each(Array.from({ length: 4 }, (_, i) => i))("anywhere, seed %i", async (seed) => {
    const begun = whole.steps.indexOf("after write log");
    const at = begun + new SeededRng(seed).int(whole.steps.length - begun);
    const { outputs, steps } = await run(at);
    expect(steps).toHaveLength(at + 1);
    expect(outputs).toEqual(undisturbed);
  });
});

test("a batch of whose outputs some were refused and others are visible runs again without those", async () => {
  const root = mkdtempSync(join(directory, "run-"));
  const sunk = new Map<number, string>();
  let broken = true;
  const job = words(root, sunk, (time) => broken && time === START + 2_000);
  const first = await start(job, START, undefined, { "task.attempts.max": "1" });
  await first.pass(2_500);
  expect(first.end).toMatch(/^failed: .*SINK_COMMIT_FAILED/);
  expect([visible(root).length, [...sunk.keys()]]).toEqual([10, [START + 1_000]]); // the files of both batches
  await first.close();
  broken = false;
  const second = await start(job, START + 4_000);
  await second.pass(1_200);
  expect([...sunk.keys()]).toEqual([1, 2, 3, 4, 5].map((n) => START + n * 1_000));
  expect(
    visible(root)
      .filter((line) => line.startsWith("totals"))
      .at(-1),
  ).toBe(`totals-${START + 5_000}: a=3 b=3 c=3 d=1`);
  expect(visible(root)).toHaveLength(25);
  await second.close();
});
