// `npm run chaos -- --minutes N --seed S`: a random walk over faults of a cluster of real processes; see CONTRIBUTING.md.
import { parseArgs } from "node:util";
import { formatDuration, millis, SeededRng, SystemClock, systemRng } from "@millrace/base";
import { NumberSource } from "../number-source.fixture.ts";
import { ChaosCluster } from "./chaos-cluster.fixture.ts";
import { ChaosWorld } from "./chaos-world.fixture.ts";
import type { Strike } from "./fault.ts";
import { FaultBox } from "./fault-box.fixture.ts";
import { signal } from "./processes.ts";
import { type Choice, choose, type Does, inWords, readsOf, type WalkReads } from "./walk-choice.fixture.ts";

const USAGE = `npm run chaos -- [--minutes N] [--seed S]

  --minutes  how long the walk takes (2)
  --seed     a number that its choices follow from; without, any
  --keep     keep what the job has left, though all of it is right`;

/** A fault whose step does not come in this time is given up. */
const STRIKE_MS = 15_000;
/** A job that makes no batch for so long, with all its processes there, hangs. */
const HANG_MS = 60_000;
const LOOK_MS = 200;

const clock = new SystemClock();

class Walk {
  readonly #reads: WalkReads;
  readonly #source: NumberSource | undefined;
  readonly #world: ChaosWorld;
  readonly #faults = new FaultBox();
  readonly #rng: SeededRng;
  readonly #startedMs = clock.monotonicMs();
  /** By deed, how often it struck. */
  readonly #struck = new Map<string, number>();
  #missed = 0;
  #choices = 0;
  #submissions = 0;

  static async of(seed: number): Promise<Walk> {
    const reads = readsOf(seed);
    return new Walk(seed, reads, reads === "files" ? undefined : await NumberSource.listen());
  }

  private constructor(seed: number, reads: WalkReads, source: NumberSource | undefined) {
    this.#reads = reads;
    this.#source = source;
    this.#world = new ChaosWorld(source);
    this.#rng = new SeededRng(seed);
  }

  get directory(): string {
    return this.#world.directory;
  }

  /** @returns What is wrong. */
  async go(ms: number): Promise<readonly string[]> {
    const cluster = await ChaosCluster.start(this.#world, this.#faults);
    try {
      await this.#until(cluster, () => this.#world.progress().batches > 0, "the first batch");
      while (clock.monotonicMs() - this.#startedMs < ms) {
        const wrong = await this.#step(cluster, choose(this.#rng, this.#reads));
        if (wrong.length > 0) return wrong;
      }
      this.#world.feed(10);
      await this.#caughtUp(cluster);
      const end = await cluster.finish();
      this.#say(`the job was drained: ${end}`);
      return [...(end === "finished" ? [] : [`the job ended as ${end}`]), ...this.#world.differences()];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error), ...this.#world.differences()];
    } finally {
      this.#submissions = cluster.submissions;
      await cluster.stop();
    }
  }

  summary(): string {
    const { batches, records } = this.#world.progress();
    const faults = [...this.#struck].sort(([a], [b]) => (a < b ? -1 : 1)).map(([deed, n]) => `${deed} ${n}`);
    const total = [...this.#struck.values()].reduce((sum, n) => sum + n, 0);
    return [
      `reads ${this.#reads}, records in ${this.#world.fed}, records out ${records}, batches ${batches}, submissions of the job ${this.#submissions}`,
      `faults that struck ${total}, whose step did not come ${this.#missed}`,
      ...faults.map((line) => `  ${line}`),
    ].join("\n");
  }

  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    await this.#source?.close();
    this.#faults.close();
    if (!keep) this.#world.remove();
  }

  async #step(cluster: ChaosCluster, choice: Choice): Promise<readonly string[]> {
    const { deed, where } = inWords(choice.does);
    this.#choices += 1;
    for (const records of choice.files) this.#world.feed(records);
    const what = `#${this.#choices} ${deed} ${where}`;
    const hit = await this.#carryOut(cluster, choice);
    if (hit === undefined) this.#missed += 1;
    else this.#struck.set(deed, (this.#struck.get(deed) ?? 0) + 1);
    this.#say(`${what}: ${hit ?? "its step did not come"}`);
    await this.#heal(cluster);
    if (!choice.compares) return [];
    await this.#caughtUp(cluster);
    const wrong = this.#world.differences();
    const { batches, records } = this.#world.progress();
    this.#say(`  compared: ${records} records in ${batches} batches, ${wrong.length} differences`);
    return wrong;
  }

  /** @returns Whom it struck, in words. */
  async #carryOut(cluster: ChaosCluster, { does, sleepMs }: Choice): Promise<string | undefined> {
    switch (does.kind) {
      case "killAll": {
        const pids = (["driver", "jobDriver", "executor", "jobExecutor"] as const).flatMap((kind) =>
          cluster.pids(kind),
        );
        for (const pid of pids) signal(pid, "SIGKILL");
        return `${pids.length} processes`;
      }
      case "signal": {
        const [pid] = cluster.pids(does.whom);
        if (pid === undefined || !signal(pid, does.signal)) return undefined;
        if (does.signal === "SIGSTOP") await this.#sleeps(pid, sleepMs);
        return `process ${pid}`;
      }
      case "step":
        return this.#atStep(cluster, does, sleepMs);
      default:
        return does satisfies never;
    }
  }

  async #atStep(
    cluster: ChaosCluster,
    { fault }: Extract<Does, { readonly kind: "step" }>,
    sleepMs: number,
  ): Promise<string | undefined> {
    const armed = this.#faults.arm(fault);
    let strike: Strike | undefined;
    // A process that sleeps may be one that the walk waits for meanwhile.
    const over = armed.struck.then(async (report) => {
      strike = report;
      if (fault.deed.kind === "pause") await this.#sleeps(report.pid, sleepMs);
    });
    // Files go on coming: there is no delta without records.
    for (const end = clock.monotonicMs() + STRIKE_MS; strike === undefined && clock.monotonicMs() < end; ) {
      this.#world.feed(3);
      await pause(LOOK_MS);
      await this.#heal(cluster);
    }
    armed.disarm();
    if (strike === undefined) return undefined;
    await over;
    const file = strike.path?.split("/").slice(-3).join("/");
    return `${strike.process} ${strike.pid}${file === undefined ? "" : `, …/${file}`}`;
  }

  async #sleeps(pid: number, ms: number): Promise<void> {
    await pause(ms);
    signal(pid, "SIGCONT");
  }

  async #heal(cluster: ChaosCluster): Promise<void> {
    for (const line of await cluster.heal()) this.#say(`  ${line}`);
  }

  #caughtUp(cluster: ChaosCluster): Promise<void> {
    return this.#until(cluster, () => this.#world.progress().records >= this.#world.fed, "all records to be saved");
  }

  /** @throws Batch after batch, or none at all, without it. */
  async #until(cluster: ChaosCluster, reached: () => boolean, what: string): Promise<void> {
    let { batches } = this.#world.progress();
    let since = clock.monotonicMs();
    while (!reached()) {
      const now = clock.monotonicMs();
      const { batches: more } = this.#world.progress();
      if (more > batches) [batches, since] = [more, now];
      if (now - since > HANG_MS) throw new Error(`no batch in ${HANG_MS / 1_000} s, waiting for ${what}`);
      await pause(LOOK_MS);
      await this.#heal(cluster); // a fault may take its time to end a process
    }
  }

  #say(text: string): void {
    const seconds = ((clock.monotonicMs() - this.#startedMs) / 1_000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} s  ${text}\n`);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(millis(ms), resolve));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "2" },
      seed: { type: "string", default: String(systemRng().int(1_000_000)) },
      keep: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
  if (values.help || !(minutes > 0) || !Number.isInteger(seed)) {
    process.stdout.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const again = `npm run chaos -- --minutes ${minutes} --seed ${seed}`;
  process.stdout.write(`${again}\n`);
  const walk = await Walk.of(seed);
  const wrong = await walk.go(minutes * 60_000);
  process.stdout.write(`\n${walk.summary()}\n`);
  await walk.close({ keep: values.keep || wrong.length > 0 });
  if (wrong.length === 0) {
    process.stdout.write(
      `seed ${seed}, ${formatDuration(millis(minutes * 60_000))}: each record is in each output once\n`,
    );
    return 0;
  }
  process.stdout.write(
    `seed ${seed}: WRONG\n${wrong.map((line) => `  ${line}`).join("\n")}\n` +
      `All of it is in ${walk.directory}: what was fed in "in", what was saved in "out", and\n` +
      `scripts/millrace checkpoint inspect ${walk.directory}/checkpoint\nThe same choices again: ${again}\n`,
  );
  return 1;
}

process.exitCode = await main();
