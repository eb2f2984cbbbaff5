import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobDefinition } from "@millrace/api";
import { type BatchStep, epochMs, FILE_CHANGES, type FileChange, type Rng, SeededRng, STEPS } from "@millrace/base";
import { afterEach, beforeEach, expect, test } from "vitest";
import { MemoryCluster, START } from "./memory-cluster.fixture.ts";
import { END, UNDISTURBED, visible, words } from "./words-job.fixture.ts";

// Several faults in one run, at named steps, by a seed: everything is killed and started again, executors are lost or
// hang, writes are refused.

const FAULTS_MAX = 4;
/** Steps from one fault to the next; the undisturbed run takes about 400. */
const SPACING = 120;
/** Batches are late after faults, and time passes only in the test. */
const PATIENCE_MS = 60_000;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "millrace-steps-"));
});
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(directory, { recursive: true, force: true });
});

function listen(channel: string, see: (message: unknown) => void): void {
  subscribe(channel, see);
  ends.push(() => unsubscribe(channel, see));
}

const DEEDS = ["kill", "kill", "lose", "lose", "hang", "refuse", "refuse"] as const;
type Deed = (typeof DEEDS)[number];

/** Strikes a cluster, and the ones that follow it, every few steps. */
class Striker {
  cluster: MemoryCluster | undefined;
  /** In words, in order. */
  readonly struck: string[] = [];
  /** Executors that are lost, or hang, and not replaced yet. */
  gone: string[] = [];
  killed = false;
  readonly #rng: Rng;
  #left: number;
  #refuses = false;

  constructor(rng: Rng) {
    this.#rng = rng;
    this.#left = rng.int(SPACING);
    listen(STEPS, (message) => this.#onStep(message as BatchStep)); // only the engine publishes on these
    listen(FILE_CHANGES, (message) => this.#onChange(message as FileChange));
  }

  get #enough(): boolean {
    return this.struck.length >= FAULTS_MAX;
  }

  #onStep(step: BatchStep): void {
    if (this.cluster === undefined || this.killed || this.#enough) return;
    this.#left -= 1;
    if (this.#left >= 0) return;
    this.#left = this.#rng.int(SPACING);
    this.#strike(this.cluster, DEEDS[this.#rng.int(DEEDS.length)] ?? "kill", step);
  }

  #strike(cluster: MemoryCluster, deed: Deed, { when, name }: BatchStep): void {
    const executor = cluster.members[this.#rng.int(cluster.members.length)];
    switch (deed) {
      case "kill":
        this.killed = true;
        this.struck.push(`kill all ${when} ${name}`);
        return cluster.kill();
      case "lose":
      case "hang":
        if (executor === undefined || this.gone.length > 0) return;
        this.struck.push(`${deed} ${executor} ${when} ${name}`);
        this.gone.push(executor);
        return deed === "lose" ? cluster.lose(executor) : cluster.hang(executor);
      case "refuse":
        this.#refuses = true;
        return;
      default:
        deed satisfies never;
    }
  }

  #onChange(change: FileChange): void {
    if (!this.#refuses || !change.path.startsWith(directory)) return;
    this.#refuses = false;
    this.struck.push(`no space for ${change.path.slice(directory.length)}`);
    change.refusal = Object.assign(new Error("no space"), { code: "ENOSPC" });
  }
}

async function startCluster(job: JobDefinition, at: number): Promise<MemoryCluster> {
  const work = mkdtempSync(join(directory, "work-"));
  return MemoryCluster.start(job, {
    executors: 2,
    directory: work,
    at: epochMs(at),
    conf: { "executor.timeout": "3s", "state.snapshot.deltas": "2" },
  });
}

async function joinBoth(cluster: MemoryCluster): Promise<void> {
  await cluster.idle();
  for (const name of ["e1", "e2"]) await cluster.join(name);
}

/** Runs the job until all files are read, whatever strikes. */
async function run(seed: number) {
  const rng = new SeededRng(seed);
  const striker = new Striker(rng);
  const sunk = new Map<number, string>();
  const job = words(directory, sunk, () => false);
  const saved = (): readonly string[] =>
    [...visible(directory), ...[...sunk].map(([time, text]) => `sink-${time}: ${text}`)]
      .filter((line) => Number(/\d+/.exec(line)?.[0]) < END)
      .sort();
  let cluster = await startCluster(job, START);
  striker.cluster = cluster;
  await joinBoth(cluster);
  const ended: string[] = [];
  for (let joined = 2; cluster.clock.now() < START + PATIENCE_MS; ) {
    await cluster.pass(100);
    if (striker.killed || cluster.end !== undefined) {
      striker.cluster = undefined;
      await cluster.idle(); // what the dead executors' threads had begun
      if (cluster.end !== undefined) ended.push(cluster.end);
      if (!striker.killed) await cluster.close();
      striker.killed = false;
      striker.gone = [];
      cluster = await startCluster(job, cluster.clock.now() + rng.int(3_000));
      striker.cluster = cluster;
      await joinBoth(cluster);
    }
    if (striker.gone.length > 0) {
      joined += 1;
      striker.gone = [];
      await cluster.join(`e${joined}`);
    }
    if (cluster.clock.now() > END && saved().length >= UNDISTURBED.length) break;
  }
  striker.cluster = undefined;
  const outputs = saved();
  await cluster.close();
  return { outputs, struck: striker.struck, ended };
}

test.each(Array.from({ length: 16 }, (_, i) => i))(
  "each batch is visible once, and right, whatever strikes: seed %i",
  { timeout: 30_000 },
  async (seed) => {
    const { outputs, struck, ended } = await run(seed);
    expect(struck.length).toBeGreaterThan(0);
    for (const end of ended) expect(end, struck.join("\n")).toMatch(/\[DISK_FULL\]/);
    expect(outputs, struck.join("\n")).toEqual(UNDISTURBED);
  },
);
