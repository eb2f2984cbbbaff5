import type { ActionResult, EnginePort, PrintedBatch } from "@millrace/api/host";
import type { JobConf, ManualClock } from "@millrace/base";
import { DriverBlocks, openDriverData, TaskShell } from "@millrace/driver/in-process";
import type { BlockId, BlockLocation, JobPlan, ShuffleId } from "@millrace/plan";
import type { FunctionTable } from "@millrace/runtime";
import { InThreadExecutor } from "./in-thread-executor.ts";
import type { Scratch } from "./scratch.ts";
import { TestFiles } from "./test-files.ts";

const DRIVER_BYTES_MAX = 1024 ** 3;

export interface InThreadEngineOptions {
  readonly clock: ManualClock;
  readonly functions: FunctionTable;
  readonly parallelism: number;
  readonly scratch: Scratch;
  readonly printed: (print: PrintedBatch) => void;
  readonly write: (text: string) => void;
  readonly warn: (message: string) => void;
  readonly stop: (graceful: boolean) => void;
  readonly watch: (on: boolean) => void;
}

/** The whole engine in the thread of a test: scheduler, one executor, blocks. Plans run as on a cluster. */
export class InThreadEngine implements EnginePort {
  readonly defaultParallelism: number;
  readonly clock: ManualClock;
  readonly files: TestFiles;
  readonly write: EnginePort["write"];
  readonly warn: EnginePort["warn"];
  readonly stop: EnginePort["stop"];
  readonly watch: EnginePort["watch"];
  readonly printed: (print: PrintedBatch) => void;
  readonly #options: InThreadEngineOptions;
  readonly #blocks = new DriverBlocks({ bytesMax: DRIVER_BYTES_MAX });
  #running: { readonly tasks: TaskShell; readonly executor: InThreadExecutor } | undefined;

  constructor(options: InThreadEngineOptions) {
    this.#options = options;
    this.defaultParallelism = options.parallelism;
    this.clock = options.clock;
    this.files = new TestFiles(options.clock, options.scratch.madeMs);
    this.write = options.write;
    this.warn = options.warn;
    this.stop = options.stop;
    this.watch = options.watch;
    this.printed = options.printed;
  }

  /** The graph is built, and its settings are known: plans may run. */
  async begin(conf: JobConf): Promise<void> {
    const { functions, scratch, clock, warn } = this.#options;
    const executor = new InThreadExecutor({
      functions,
      directory: scratch.folder("blocks"),
      conf,
      clock,
      readDriverBlock: (id) => this.#blocks.read(id),
      onStatuses: (id, statuses) => tasks.onStatuses(id, { type: "tasks", statuses }),
      warn,
    });
    const data = await openDriverData(
      { kind: "local", blocks: this.#blocks, readExecutorBlock: (id) => executor.read(id) },
      DRIVER_BYTES_MAX,
    );
    const tasks: TaskShell = new TaskShell(conf, {
      executors: executor,
      fetch: (_holder, block) => data.fetch(data.address, block),
      warn,
    });
    tasks.dispatch({ type: "executorJoined", executor: executor.id, slots: this.defaultParallelism });
    tasks.dispatch({ type: "executorReady", executor: executor.id });
    this.#running = { tasks, executor };
  }

  async run(plan: JobPlan): Promise<ActionResult> {
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

  /** Gives up what runs for a batch. */
  cancel(batch: number): void {
    this.#running?.tasks.cancel("the test stopped the job", batch);
  }

  async close(): Promise<void> {
    this.#running?.tasks.cancel("the test stopped the job");
    await this.#running?.executor.close();
  }
}
