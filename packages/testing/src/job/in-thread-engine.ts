import type { ActionResult, EnginePort } from "@millrace/api/engine";
import {
  type EpochMs,
  type ExecutorId,
  executorId,
  type JobConf,
  type ManualClock,
  millis,
  type Warning,
  warningOf,
} from "@millrace/base";
import { DriverBlocks, TaskShell } from "@millrace/driver/in-process";
import { FileSystems } from "@millrace/files";
import type { ActionPlan, BlockId, BlockLocation, ShuffleId } from "@millrace/plan";
import type { FunctionTable } from "@millrace/runtime";
import { type BatchFigures, NO_FIGURES } from "@millrace/scheduler";
import type { Faults } from "./faults.ts";
import { InThreadExecutor } from "./in-thread-executor.ts";
import type { Scratch } from "./scratch.ts";
import { TestFiles } from "./test-files.ts";

const DRIVER_BYTES_MAX = 1024 ** 3;

export interface InThreadEngineOptions {
  readonly clock: ManualClock;
  readonly functions: FunctionTable;
  readonly parallelism: number;
  readonly scratch: Scratch;
  readonly faults: Faults | undefined;
  readonly write: (text: string) => void;
  readonly warn: (warning: Warning) => void;
  readonly stop: (graceful: boolean) => void;
  readonly watch: (on: boolean) => void;
}

interface Running {
  readonly conf: JobConf;
  readonly tasks: TaskShell;
  readonly executor: InThreadExecutor;
}

/** Settings for an engine without pauses: virtual time stands still while a batch runs. */
export function patient(conf: JobConf): JobConf {
  return { ...conf, "task.retry.delay.min": millis(0) };
}

/** The whole engine in the thread of a test: scheduler, one executor, blocks. Plans run as on a cluster. */
export class InThreadEngine implements EnginePort {
  readonly defaultParallelism: number;
  readonly clock: ManualClock;
  readonly testFiles: TestFiles;
  readonly files: FileSystems;
  readonly write: EnginePort["write"];
  readonly warn: EnginePort["warn"];
  /** A test sees every warning. */
  readonly warningOver: EnginePort["warningOver"] = () => undefined;
  readonly stop: EnginePort["stop"];
  readonly watch: EnginePort["watch"];
  readonly #options: InThreadEngineOptions;
  readonly #blocks = new DriverBlocks({ bytesMax: DRIVER_BYTES_MAX });
  readonly #closing: Promise<void>[] = [];
  #running: Running | undefined;
  #executors = 0;

  constructor(options: InThreadEngineOptions) {
    this.#options = options;
    this.defaultParallelism = options.parallelism;
    this.clock = options.clock;
    this.testFiles = new TestFiles(options.clock, options.scratch);
    this.files = new FileSystems({ systems: [this.testFiles], directory: process.cwd() });
    this.write = options.write;
    this.warn = options.warn;
    this.stop = options.stop;
    this.watch = options.watch;
  }

  /** The graph is built and its settings are known: plans may run. */
  begin(conf: JobConf): void {
    const { warn } = this.#options;
    const tasks = new TaskShell(
      { conf: patient(conf), epoch: 0 },
      {
        clock: this.clock,
        executors: {
          launch: (...launch) => this.#of(launch[0])?.launch(...launch),
          send: (id, message) => this.#of(id)?.send(id, message),
          tidy: (id, message) => this.#of(id)?.tidy(id, message),
          stageDone: (run) => this.#running?.executor.stageDone(run),
        },
        fetch: async (holder, block) => this.#result(holder, block),
        onFigures: () => undefined, // nobody reads its executor's figures
        warn,
        warningOver: this.warningOver,
      },
    );
    this.#running = { conf, tasks, executor: this.#newExecutor(conf, tasks) };
    this.#join(this.#running);
  }

  async run(plan: ActionPlan): Promise<ActionResult> {
    if (this.#running === undefined) throw new Error("a plan before the batches have begun"); // the API lets none through
    return this.#running.tasks.run(plan);
  }

  async putBlock(name: BlockId, parts: readonly Uint8Array[]): Promise<BlockLocation> {
    return this.put(name, parts);
  }

  put(name: BlockId, parts: readonly Uint8Array[]): BlockLocation {
    return this.#blocks.put(name, parts);
  }

  dropBlocks(blocks: readonly BlockId[]): void {
    for (const id of blocks) this.#blocks.drop(id);
    this.#running?.executor.dropBlocks(blocks);
  }

  dropShuffles(shuffles: readonly ShuffleId[]): void {
    this.#running?.tasks.dropShuffles(shuffles);
  }

  figures(batch: EpochMs): BatchFigures {
    return this.#running?.tasks.figures(batch) ?? NO_FIGURES;
  }

  /** Releases a finished batch. */
  forget(batch: EpochMs): void {
    this.#running?.tasks.batchEnded(batch);
  }

  /** Cancels the work of a batch. */
  cancel(batch: number): void {
    this.#running?.tasks.cancel("the test stopped the job", batch);
  }

  async close(): Promise<void> {
    this.#running?.tasks.cancel("the test stopped the job");
    await Promise.all([...this.#closing, this.#running?.executor.close()]);
  }

  #of(executor: ExecutorId): InThreadExecutor | undefined {
    return this.#running?.executor.id === executor ? this.#running.executor : undefined;
  }

  #result(holder: ExecutorId, block: BlockId): Uint8Array {
    const parts = this.#of(holder)?.read(block);
    if (parts === undefined) throw new Error(`${holder} is gone, with block ${block}`); // the plan runs again
    return new Uint8Array(Buffer.concat([...parts]));
  }

  #newExecutor(conf: JobConf, tasks: TaskShell): InThreadExecutor {
    const { functions, scratch, clock, warn, faults } = this.#options;
    const id = executorId(`test-${this.#executors++}`);
    return new InThreadExecutor({
      id,
      slots: this.defaultParallelism,
      functions,
      directory: scratch.folder(id),
      conf,
      clock,
      faults,
      readDriverBlock: (block) => this.#blocks.read(block),
      onStatuses: (executor, statuses) => tasks.onStatuses(executor, { type: "tasks", statuses }),
      onLost: () => this.#replace(),
      warn: (message) => warn(warningOf(message)),
    });
  }

  #join({ tasks, executor }: Running): void {
    tasks.dispatch({ type: "executorJoined", executor: executor.id, slots: this.defaultParallelism });
    tasks.dispatch({ type: "executorReady", executor: executor.id });
  }

  /** Replaces a lost executor. */
  #replace(): void {
    const lost = this.#running;
    if (lost === undefined) return;
    const { conf, tasks } = lost;
    this.#running = { conf, tasks, executor: this.#newExecutor(conf, tasks) };
    tasks.dispatch({ type: "executorLost", executor: lost.executor.id });
    this.#join(this.#running);
    this.#closing.push(lost.executor.close());
  }
}
