import { type JobId, millis, SystemClock, type Timer } from "@millrace/base";
import type { JobSummary } from "@millrace/rpc";
import type { TestProcess } from "../process.fixture.ts";
import { TestCluster } from "../test-cluster.fixture.ts";
import type { ChaosWorld } from "./chaos-world.fixture.ts";
import type { ProcessKind } from "./fault.ts";
import type { FaultBox } from "./fault-box.fixture.ts";
import { processesOf } from "./processes.ts";

const EXECUTORS = ["e-0", "e-1", "e-2"];
const CONF = {
  "default.parallelism": "3",
  "state.snapshot.deltas": "2",
  "executor.timeout": "2s",
  // A walk kills more often than an accident would.
  "driver.restarts.max": "1000000",
  // On a machine that has other work, more batches wait in the end than are drained in a minute.
  "stop.timeout": "15min",
};

/** Nobody answers, or what the driver has started for the answer is gone. */
const AWAY = /\[(PEER_UNREACHABLE|NOT_A_DRIVER|DRIVER_NOT_REACHED|DRIVER_PROCESS_EXITED)\]/;
/** Questions in a row that the driver does not answer, while it is there or is started again. */
const UNANSWERED_MAX = 5;
/** What takes longer hangs. */
const ANSWER_MS = 60_000;
const DYING_MS = 2_000;
const clock = new SystemClock();

/** `jobs/chaos.ts` on a driver and executors whose processes may end at any time, and are started again here. */
export class ChaosCluster {
  readonly #world: ChaosWorld;
  readonly #faults: FaultBox;
  readonly #cluster: TestCluster;
  readonly #executors = new Map<string, TestProcess>();
  /** Submissions of the job: a write that is refused to its driver ends it. */
  submissions = 0;
  #job: JobId | undefined;
  #unanswered = 0;

  static async start(world: ChaosWorld, faults: FaultBox): Promise<ChaosCluster> {
    const driverOptions = ["--restart-pause", "1s"];
    const cluster = await TestCluster.start({ executors: 0, slots: 1, env: faults.env, driverOptions });
    const started = new ChaosCluster(world, faults, cluster);
    await started.heal();
    return started;
  }

  private constructor(world: ChaosWorld, faults: FaultBox, cluster: TestCluster) {
    this.#world = world;
    this.#faults = faults;
    this.#cluster = cluster;
  }

  /** Starts whatever is not there. What a strike ends meanwhile is left for the next time. @returns What that was, in words. */
  async heal(): Promise<readonly string[]> {
    const done: string[] = [];
    const { driver } = this.#cluster;
    if (hasEnded(driver)) {
      const { code, stderr } = await driver.ended;
      if (code !== null) throw new Error(`the driver has ended by itself, with ${code}:\n${stderr.slice(-2_000)}`);
      const listens = await this.#answer("driver to start", () => this.#cluster.startDriverAgain().then(() => true));
      done.push(`driver started again${listens === undefined ? ", and killed in that moment" : ""}`);
    }
    for (const name of EXECUTORS) {
      const executor = this.#executors.get(name);
      if (executor !== undefined && !hasEnded(executor)) continue;
      await executor?.ended;
      this.#executors.set(name, this.#cluster.startExecutor(1, name));
      if (executor !== undefined) done.push(`${name} started again`);
    }
    const end = await this.#answer("state of the job", () => this.#end());
    if (end?.of === undefined) return done;
    const job = await this.#answer("submission", () => this.#submit());
    if (job === undefined) return [...done, "a submission of the job was not answered"];
    this.#job = job;
    this.submissions += 1;
    if (this.submissions > 1) done.push(`the job had ended and is submitted again: ${end.of}`);
    return done;
  }

  /** With what the job has ended, if nothing of it is left. */
  async #end(): Promise<{ readonly of: string | undefined }> {
    if (this.#job === undefined) return { of: "it was not there" };
    const job = await this.#cluster.operator.status(this.#job);
    return { of: hasFailed(job) ? `${job.state}: ${job.error?.message}` : undefined };
  }

  /** A driver that was killed before it answered may have taken the job. */
  async #submit(): Promise<JobId> {
    const taken = (await this.#cluster.operator.jobs()).find((job) => !hasFailed(job));
    if (taken !== undefined) return taken.id;
    const settings = Object.entries({ ...CONF, ...this.#world.settings });
    const conf = settings.flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
    return (await this.#cluster.submit("chaos", this.#world.args(), conf)).id;
  }

  /**
   * Asks the driver for something. A strike may end it, or what it has started for that, at any time.
   *
   * @returns `undefined`: that was so.
   * @throws The driver refuses it, has ended by itself, or gives no answer though it is there.
   */
  async #answer<T>(what: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await within(ANSWER_MS, ask(), what);
      this.#unanswered = 0;
      return answer;
    } catch (error) {
      const ofAStrike = AWAY.test(String(error)) || (await this.#isKilled());
      this.#unanswered += 1;
      if (ofAStrike && this.#unanswered < UNANSWERED_MAX) return undefined;
      throw error;
    }
  }

  /** A process that was killed a moment ago may still seem to be there. */
  async #isKilled(): Promise<boolean> {
    const { driver } = this.#cluster;
    await within(DYING_MS, driver.ended, "end of the driver").catch(() => undefined);
    return driver.child.signalCode === "SIGKILL";
  }

  pids(kind: ProcessKind): readonly number[] {
    return processesOf(this.#faults.directory).flatMap((process) => (process.kind === kind ? [process.pid] : []));
  }

  /** Drains the job. */
  async finish(): Promise<string> {
    if (this.#job === undefined) throw new Error("the job was never submitted");
    const { state, error } = await this.#cluster.job(this.#job).stop();
    return error === undefined ? state : `${state}: ${error.message}`;
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}

const hasEnded = ({ child }: TestProcess): boolean => child.exitCode !== null || child.signalCode !== null;
const hasFailed = ({ state }: JobSummary): boolean => state === "failed" || state === "killed";

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let late: Timer | undefined;
  const never = new Promise<never>((_, reject) => {
    late = clock.after(millis(ms), () => reject(new Error(`no ${what} in ${ms / 1_000} s`)));
  });
  try {
    return await Promise.race([promise, never]);
  } finally {
    late?.cancel();
  }
}
