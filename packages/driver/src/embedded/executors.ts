import { join } from "node:path";
import { deferred, executorId, SystemClock } from "@millrace/base";
import { JobExecutor, workerThreads } from "@millrace/executor";
import { MemoryNetwork, sessionPair } from "@millrace/rpc";
import type { EmbeddedExecutors, EmbeddedExecutorsOptions } from "./embedded-executors.ts";
import type { Master } from "./master.ts";

/** Starts the executors of `run`: threads of this process, or processes that communicate as on a cluster. */
export async function startExecutors(master: Master, options: EmbeddedExecutorsOptions): Promise<EmbeddedExecutors> {
  if (master.kind === "local") return startWithin(master.slots, options);
  const { startExecutorProcesses } = await import("./executor-processes.ts"); // gRPC is loaded only if needed
  return startExecutorProcesses(master, options);
}

function startWithin(slots: number, options: EmbeddedExecutorsOptions): EmbeddedExecutors {
  const { driverEnd, executorEnd } = sessionPair();
  const data = { kind: "memory", network: new MemoryNetwork() } as const;
  const failed = deferred<never>();
  failed.promise.catch(() => undefined); // reported to whoever awaits the job's end
  let executor: JobExecutor | undefined;
  const started = options.memory.then(async (memory) => {
    executor = await JobExecutor.start({
      job: options.job,
      executor: executorId("local"),
      slots,
      session: executorEnd,
      data,
      threads: workerThreads,
      workDir: join(options.directory, "executor"),
      ...memory,
      clock: new SystemClock(),
      log: options.log,
      output: options.output,
    });
    options.onSession(driverEnd);
  });
  started.catch((error: unknown) => failed.reject(error));
  return {
    data,
    failed: failed.promise,
    async close() {
      await started.catch(() => undefined);
      await executor?.stop();
    },
  };
}
