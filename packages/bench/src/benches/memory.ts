import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { Cluster } from "../cluster.ts";
import { treeMegabytes } from "../process-tree.ts";

const FEW_SLOTS = 1;
const MANY_SLOTS = 5;

/** Resident memory of a driver and an executor without a job, and what jobs and slots add. */
export const memory: Bench = {
  name: "memory",
  what: "resident MB of an idle driver and executor; of a job (its driver process, its executor process without slots); of one slot",
  rounds: 3,
  metrics: {
    idleDriver: { unit: "MB", better: "lower" },
    idleExecutor: { unit: "MB", better: "lower" },
    jobDriver: { unit: "MB", better: "lower" },
    jobExecutor: { unit: "MB", better: "lower" },
    slot: { unit: "MB", better: "lower" },
  },
  subjects: (options) =>
    forEngines(options, (engine) => [
      { name: "driver + executor", run: () => measured(engine, options.quick ? 5 : 50) },
    ]),
};

async function measured(engine: Engine, batches: number): Promise<Sample> {
  const few = await withCluster(engine, FEW_SLOTS, (cluster) => withOneJob(cluster, batches));
  const many = await withCluster(engine, MANY_SLOTS, (cluster) => withOneJob(cluster, batches));
  const slot = (many.executorAdds - few.executorAdds) / (MANY_SLOTS - FEW_SLOTS);
  return {
    idleDriver: few.idleDriver,
    idleExecutor: few.idleExecutor,
    jobDriver: few.driverAdds,
    jobExecutor: few.executorAdds - FEW_SLOTS * slot,
    slot,
  };
}

interface Growth {
  readonly idleDriver: number;
  readonly idleExecutor: number;
  readonly driverAdds: number;
  readonly executorAdds: number;
}

async function withOneJob(cluster: Cluster, batches: number): Promise<Growth> {
  const idleDriver = treeMegabytes(cluster.driver.pid);
  const idleExecutor = treeMegabytes(cluster.executor.pid);
  const job = await cluster.submit("steady", [100]);
  await cluster.untilBatches(job, batches);
  return {
    idleDriver,
    idleExecutor,
    driverAdds: treeMegabytes(cluster.driver.pid) - idleDriver,
    executorAdds: treeMegabytes(cluster.executor.pid) - idleExecutor,
  };
}

async function withCluster<T>(engine: Engine, slots: number, use: (cluster: Cluster) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const cluster = await Cluster.start(engine, { slots, directory });
    try {
      await cluster.untilIdle();
      return await use(cluster);
    } finally {
      await cluster.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
