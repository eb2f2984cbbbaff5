import { expect } from "vitest";
import { later } from "../clean-up.fixture.ts";
import { LineServer } from "../line-server.fixture.ts";
import { NumberSource } from "../number-source.fixture.ts";
import { TestProcess } from "../process.fixture.ts";
import { jobFile } from "../test-cluster.fixture.ts";
import { ChaosWorld } from "./chaos-world.fixture.ts";
import { FaultBox } from "./fault-box.fixture.ts";

/** `jobs/chaos.ts` on a local cluster, to be started again and again on the same directory. */
export class LocalRun {
  readonly world: ChaosWorld;
  readonly faults: FaultBox;
  /** Sends records to the receiver, if the job has a socket. */
  readonly socket: LineServer | undefined;
  readonly #args: readonly string[];
  #over = false;

  /** Ends with the test. */
  static async of(options: {
    readonly executors: number;
    /** What the job reads: files; these and a socket; or a reliable source alone, with `receiver.log`. */
    readonly reads?: "files" | "socket too" | "reliable source";
    readonly conf?: Readonly<Record<string, string>>;
  }): Promise<LocalRun> {
    const { reads = "files" } = options;
    const source = reads === "reliable source" ? await NumberSource.listen() : undefined;
    later(() => source?.close());
    const socket = reads === "socket too" ? await LineServer.listen() : undefined;
    later(() => socket?.close());
    const world = new ChaosWorld(source);
    later(() => world.remove());
    const faults = new FaultBox();
    later(() => faults.close());
    // The limit of the test counts.
    const settings = { "state.snapshot.deltas": "2", "stop.timeout": "1h", ...world.settings, ...options.conf };
    const conf = Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
    const master = `local-cluster[${options.executors},1]`;
    const args = ["run", jobFile("chaos"), "--master", master, ...conf, "--", ...world.args(socket?.port)];
    return new LocalRun(world, faults, socket, args);
  }

  private constructor(world: ChaosWorld, faults: FaultBox, socket: LineServer | undefined, args: readonly string[]) {
    this.world = world;
    this.faults = faults;
    this.socket = socket;
    this.#args = args;
  }

  /** @throws The test is over, as when its time is: nothing would end the process. */
  start(): TestProcess {
    if (this.#over) throw new Error("the test is over");
    const job = TestProcess.millrace(this.#args, { env: this.faults.env });
    later(() => {
      this.#over = true;
      return job.end();
    });
    return job;
  }

  /** For the first time, up to a batch: older files are not read. */
  async started(): Promise<TestProcess> {
    const job = this.start();
    await job.says(/^counted 0$/);
    return job;
  }

  /** Again, up to the batch that has all records, each counted once. @param what Has ended it. */
  async startedAgain(what: string): Promise<TestProcess> {
    const job = this.start();
    await this.world.counted(job.lines);
    expect(this.world.differences(), what).toEqual([]);
    return job;
  }

  /** Drains the job: each record is in each output once. */
  async drained(job: TestProcess): Promise<void> {
    job.signal("SIGINT");
    expect(await job.ended).toMatchObject({ code: 0 });
    expect(this.world.differences()).toEqual([]);
  }
}
