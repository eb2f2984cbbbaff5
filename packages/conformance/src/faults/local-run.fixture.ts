import { later } from "../clean-up.fixture.ts";
import { LineServer } from "../line-server.fixture.ts";
import { TestProcess } from "../process.fixture.ts";
import { jobFile } from "../test-cluster.fixture.ts";
import { ChaosWorld } from "./chaos-world.fixture.ts";
import { FaultBox } from "./fault-box.fixture.ts";

/** `jobs/chaos.ts` on a local cluster, to be started again and again on the same directory. */
export interface LocalRun {
  readonly world: ChaosWorld;
  readonly faults: FaultBox;
  /** Sends records to the receiver, if the job has one. */
  readonly source: LineServer | undefined;
  /** @param conf Settings of this start, besides those of all. */
  start(conf?: Settings): TestProcess;
}

type Settings = Readonly<Record<string, string>>;

/** Ends with the test. */
export async function localRun(options: {
  readonly executors: number;
  readonly received?: true;
  readonly conf?: Settings;
}): Promise<LocalRun> {
  const world = new ChaosWorld();
  later(() => world.remove());
  const faults = new FaultBox();
  later(() => faults.close());
  const source = options.received === true ? await LineServer.listen() : undefined;
  later(() => source?.close());
  const master = `local-cluster[${options.executors},1]`;
  return {
    world,
    faults,
    source,
    start: (more = {}) => {
      const settings = { "state.snapshot.deltas": "2", ...options.conf, ...more };
      const conf = Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]);
      const args = [
        "run",
        jobFile("chaos"),
        "--master",
        master,
        ...conf,
        "--",
        world.directory,
        `${source?.port ?? 0}`,
      ];
      const job = TestProcess.millrace(args, { env: faults.env });
      later(() => job.end());
      return job;
    },
  };
}
