import { EngineError, type JobId } from "@millrace/base";
import type { TestProcess } from "../process.fixture.ts";
import { TestCluster, type TestJob } from "../test-cluster.fixture.ts";
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
};

/** `jobs/chaos.ts` on a driver and executors whose processes may end at any time, and are started again here. */
export class ChaosCluster {
  readonly #world: ChaosWorld;
  readonly #faults: FaultBox;
  readonly #cluster: TestCluster;
  readonly #executors = new Map<string, TestProcess>();
  /** Submissions of the job: a write that is refused to its driver ends it. */
  submissions = 0;
  #job: JobId | undefined;

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

  /** Starts whatever is not there. @returns What that was, in words. */
  async heal(): Promise<readonly string[]> {
    const done: string[] = [];
    if (hasEnded(this.#cluster.driver)) {
      await this.#cluster.startDriverAgain();
      done.push("driver started again");
    }
    for (const name of EXECUTORS) {
      const executor = this.#executors.get(name);
      if (executor !== undefined && !hasEnded(executor)) continue;
      await executor?.ended;
      this.#executors.set(name, this.#cluster.startExecutor(1, name));
      if (executor !== undefined) done.push(`${name} started again`);
    }
    const end = await this.#end();
    if (end === undefined) return done;
    this.#job = (await this.#submit()).id;
    this.submissions += 1;
    if (this.submissions > 1) done.push(`the job had ended and is submitted again: ${end}`);
    return done;
  }

  /** With what the job has ended, if nothing of it is left; `undefined` too if the driver cannot say so right now. */
  async #end(): Promise<string | undefined> {
    if (this.#job === undefined) return "it was not there";
    try {
      const { state, error } = await this.#cluster.operator.status(this.#job);
      return state === "failed" || state === "killed" ? `${state}: ${error?.message}` : undefined;
    } catch (error) {
      if (error instanceof EngineError && error.code === "PEER_UNREACHABLE") return undefined;
      throw error;
    }
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

  #submit(): Promise<TestJob> {
    const conf = Object.entries(CONF).flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
    return this.#cluster.submit("chaos", [this.#world.directory], conf);
  }
}

const hasEnded = ({ child }: TestProcess): boolean => child.exitCode !== null || child.signalCode !== null;
