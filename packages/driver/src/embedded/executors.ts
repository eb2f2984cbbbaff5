import { join } from "node:path";
import {
  deferred,
  type ExecutorId,
  executorId,
  type JobId,
  type Logger,
  SystemClock,
  type TakeOutput,
  type WireError,
} from "@millrace/base";
import { JobExecutor } from "@millrace/executor";
import { type ExecutorSession, sessionPair } from "@millrace/rpc";
import { DriverBlocks } from "../job/driver-blocks.ts";
import type { DriverDataOptions } from "../job/driver-data.ts";
import type { ExecutorMemory } from "../job/events.ts";
import type { Master } from "./master.ts";

export interface EmbeddedExecutorsOptions {
  readonly job: JobId;
  /** Work directories go below it. */
  readonly directory: string;
  /** Known once the job is built; rejected when that is not to be. */
  readonly memory: Promise<ExecutorMemory>;
  readonly log: Logger;
  readonly onSession: (session: ExecutorSession) => void;
  /** Takes what code of the job writes in this process. */
  readonly output: TakeOutput;
  /** Takes what executor processes write, their logs too. */
  readonly executorOutput: TakeOutput;
  /** The process of an executor ended by itself; another is started in its place. */
  readonly onExit: (executor: ExecutorId, error: WireError) => void;
}

export interface EmbeddedExecutors {
  /** How the driver meets them. */
  readonly data: DriverDataOptions;
  /** Rejects when they cannot be started for a reason that trying again does not mend. */
  readonly failed: Promise<never>;
  /** After `memory` has settled. */
  close(): Promise<void>;
}

/** Starts the executors of `run`: threads of this process, or processes that talk as on a cluster. */
export async function startExecutors(master: Master, options: EmbeddedExecutorsOptions): Promise<EmbeddedExecutors> {
  if (master.kind === "local") return startWithin(master.slots, options);
  const { startExecutorProcesses } = await import("./executor-processes.ts"); // gRPC only where somebody is talked to
  return startExecutorProcesses(master, options);
}

function startWithin(slots: number, options: EmbeddedExecutorsOptions): EmbeddedExecutors {
  const { driverEnd, executorEnd } = sessionPair();
  const blocks = new DriverBlocks({ bytesMax: 0 }); // the job says how much, before it has any
  const failed = deferred<never>();
  failed.promise.catch(() => undefined); // whoever awaits the job's end hears of it
  let executor: JobExecutor | undefined;
  const started = options.memory.then(async (memory) => {
    executor = await JobExecutor.start({
      job: options.job,
      executor: executorId("local"),
      slots,
      session: executorEnd,
      data: { kind: "local", readDriverBlock: (id) => blocks.read(id) },
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
    data: { kind: "local", blocks, readExecutorBlock: (id) => executor?.read(id) },
    failed: failed.promise,
    async close() {
      await started.catch(() => undefined);
      await executor?.stop();
    },
  };
}
