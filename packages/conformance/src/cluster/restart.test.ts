import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobDefinition } from "@millrace/api";
import { epochMs, SeededRng } from "@millrace/base";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryCluster, START, type Traffic } from "./memory-cluster.fixture.ts";
import { END, UNDISTURBED, visible, words } from "./words-job.fixture.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-restart-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

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
  test("nothing happens: each batch is visible once", () => {
    expect(whole.outputs).toEqual(UNDISTURBED);
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
    ["toThread runBatch", 1],
    ["before append log", 1], // planned
    ["after append log", 1],
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
    ["toThread logEnded", 1],
    ["before append log", 3], // committed
    ["after append log", 3],
    ["fromThread endLogged", 1],
  ])("%s (%i)", async (name, occurrence) => {
    const { outputs, steps } = await run(stepOf(name, occurrence));
    expect(steps.at(-1)).toBe(name); // the fault has struck
    expect(outputs).toEqual(UNDISTURBED);
  });

  test.each(Array.from({ length: 4 }, (_, i) => i))("anywhere, seed %i", async (seed) => {
    const begun = whole.steps.indexOf("after write log");
    const at = begun + new SeededRng(seed).int(whole.steps.length - begun);
    const { outputs, steps } = await run(at);
    expect(steps).toHaveLength(at + 1);
    expect(outputs).toEqual(UNDISTURBED);
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
