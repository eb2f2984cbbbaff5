import { hostname } from "node:os";
import { type BackoffRange, type JobConf, millis, toWireError } from "@millrace/base";
import type { DriverSession, FromExecutor, ToExecutor } from "@millrace/rpc";
import { type Commands, ProcessGroups } from "@millrace/runtime/threads";
import type { BlockPool, BlockStore } from "@millrace/storage";
import type { BlockFetcher } from "./blocks/block-fetcher.ts";
import type { Replicator } from "./blocks/replicator.ts";
import type { JobExecutorOptions } from "./job-executor-options.ts";
import { receiverHeap } from "./memory.ts";
import type { ReceivedLog } from "./received-log/received-log.ts";
import { ReceiverThreads } from "./receiver/receiver-threads.ts";
import type { ExecutorCode, ExecutorSlots } from "./slots/executor-threads.ts";
import { TaskRunner } from "./slots/task-runner.ts";

export type WelcomeMessage = Extract<ToExecutor, { readonly type: "welcome" }>;

/** The pauses before the received log is tried again. */
const LOG_RETRY_DELAY: BackoffRange = { min: millis(100), max: millis(5_000) };

export interface RunningCodeParts {
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly fetcher: BlockFetcher;
  readonly replicator: Replicator;
  readonly spillDir: string;
}

/** What runs a job's code on an executor: slots and their tasks under one driver; receivers, which may outlive it. */
export class RunningCode {
  readonly #options: JobExecutorOptions;
  readonly #parts: RunningCodeParts;
  readonly #commands = new ProcessGroups();
  readonly #endCommands = (): void => void this.#commands.endAll();
  /** Each resolves when the output of some of the job's code has been taken. */
  readonly #flushes: (() => Promise<unknown>)[] = [];

  constructor(options: JobExecutorOptions, parts: RunningCodeParts) {
    this.#options = options;
    this.#parts = parts;
    // A thread blocked in a native call lives until the process exits.
    process.once("exit", this.#endCommands);
  }

  /** Slots that are not started yet. */
  slots(
    { conf }: WelcomeMessage,
    { module: executorModule, externals }: ExecutorCode,
    { session, onFatal }: { readonly session: DriverSession; readonly onFatal: (error: Error) => void },
  ): { readonly slots: ExecutorSlots; readonly tasks: TaskRunner } {
    const { clock, log, executor, slotHeapBytes, output, threads } = this.#options;
    const { pool, store, fetcher, replicator, spillDir } = this.#parts;
    const both = (event: "started" | "ended"): Commands["started"] => {
      return (group) => {
        this.#commands[event](group);
        this.#options.commands?.[event](group);
      };
    };
    const slots = threads.slots(
      {
        ...{ slots: this.#options.slots, pool, store, heapBytes: slotHeapBytes, workDir: spillDir, executorModule },
        ...{ externals, conf, clock, log, output },
        commands: { started: both("started"), ended: both("ended") },
      },
      {
        onEnd: (attempt, end) => tasks.onEnd(attempt, end),
        onTrouble: (error) => session.send({ type: "trouble", error: toWireError(error) }),
        onFatal,
      },
    );
    const send: ConstructorParameters<typeof TaskRunner>[0]["send"] = (statuses) =>
      session.send({ type: "tasks", statuses });
    const tasks = new TaskRunner({ executor, slots, fetcher, store, pool, replicator, send });
    this.#flushes.push(() => slots.flush());
    return { slots, tasks };
  }

  /** Blocks of earlier runs of the job may be in the log; its own are if `receiver.log` is on. */
  receivedLog(
    { receivedLog: place, conf }: WelcomeMessage,
    { module: executorModule }: ExecutorCode,
    onFailing: (error: Error | undefined) => void,
  ): ReceivedLog | undefined {
    if (place === undefined) return undefined;
    const { clock, executor, threads } = this.#options;
    const { pool, fetcher } = this.#parts;
    const writer = `${executor}.${clock.now().toString(36)}`;
    const retryDelay = LOG_RETRY_DELAY;
    const sync = conf["checkpoint.sync"] === "on";
    const options = { ...place, writer, sync, pool, clock, executorModule, retryDelay, onFailing };
    const receivedLog = threads.receivedLog(options);
    fetcher.useLog(receivedLog);
    return receivedLog;
  }

  /** @returns The reason why this executor cannot work for the job. Never rejects. */
  async answerProbe({ probe }: WelcomeMessage, receivedLog: ReceivedLog | undefined): Promise<Error | undefined> {
    if (probe === undefined) return undefined;
    const { executor, threads } = this.#options;
    try {
      await threads.answerProbe(probe, { executor, host: hostname() }, receivedLog);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  receivers(
    conf: JobConf,
    { module: executorModule }: ExecutorCode,
    to: { readonly receivedLog: ReceivedLog | undefined; send(message: FromExecutor): void },
  ): ReceiverThreads {
    const { clock, log, executor, slotHeapBytes, output } = this.#options;
    const { pool, store, replicator, spillDir } = this.#parts;
    const receivers = new ReceiverThreads({
      ...{ executor, pool, store, replicator, conf, heapBytes: receiverHeap(conf, slotHeapBytes), workDir: spillDir },
      ...{ executorModule, clock, log, output },
      receivedLog: conf["receiver.log"] === "on" ? to.receivedLog : undefined,
      send: (message) => to.send(message),
    });
    this.#flushes.push(() => receivers.flush());
    return receivers;
  }

  /** Ends what the job's code has started. */
  endCommands(): void {
    this.#endCommands();
    process.off("exit", this.#endCommands);
  }

  /** Resolves when the output of the job's code has been taken. */
  async flush(): Promise<void> {
    await Promise.all(this.#flushes.map((flush) => flush()));
  }
}
