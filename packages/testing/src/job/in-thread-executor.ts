import { type Clock, type EpochMs, type ExecutorId, type JobConf, silentLogger } from "@millrace/base";
import type { TaskOutlet } from "@millrace/driver/in-process";
import { BlockFetcher, LocalData, Replicator, TaskRunner } from "@millrace/executor/in-process";
import {
  type BlockId,
  type LaunchTask,
  type PlannedStage,
  type StageRunId,
  type TaskStatus,
  TEMPLATES_MAX,
} from "@millrace/plan";
import type { ToExecutor } from "@millrace/rpc";
import type { FunctionTable } from "@millrace/runtime";
import { HeldTemplates } from "@millrace/scheduler";
import { BlockPool, BlockStore, readHandle, SpillDirectory } from "@millrace/storage";
import type { Faults } from "./faults.ts";
import { InThreadSlots } from "./in-thread-slots.ts";

/** Tests move little data; the rest goes to disk, as everywhere. */
const POOL_BYTES_MAX = 32 * 1024 ** 2;

export interface InThreadExecutorOptions {
  readonly id: ExecutorId;
  readonly slots: number;
  readonly functions: FunctionTable;
  /** A directory for this executor alone. */
  readonly directory: string;
  readonly conf: JobConf;
  readonly clock: Clock;
  readDriverBlock(id: BlockId): Iterable<Uint8Array> | undefined;
  readonly faults: Faults | undefined;
  /** A fault kills this executor with everything it holds. */
  onLost(executor: ExecutorId): void;
  onStatuses(executor: ExecutorId, statuses: readonly TaskStatus[]): void;
  warn(message: string): void;
}

/** An executor within the thread of a test: the slots' real code, block store and task runner, without a wire. */
export class InThreadExecutor implements TaskOutlet {
  readonly id: ExecutorId;
  readonly #pool: BlockPool;
  readonly #store: BlockStore;
  readonly #slots: InThreadSlots;
  readonly #tasks: TaskRunner;
  readonly #held = new HeldTemplates(TEMPLATES_MAX);
  #lost = false;

  constructor(options: InThreadExecutorOptions) {
    const { functions, directory, conf, clock, faults } = options;
    this.id = options.id;
    const pool = BlockPool.create({ bytes: Math.min(conf["storage.pool.bytes"], POOL_BYTES_MAX) });
    const store = new BlockStore({ pool, directory, onError: (error) => options.warn(error.message) });
    const spills = new SpillDirectory(directory, pool.owner);
    this.#pool = pool;
    this.#store = store;
    this.#slots = new InThreadSlots({
      pool,
      spills,
      functions,
      slots: options.slots,
      conf,
      clock,
      faults,
      onEnd: (attempt, end) => this.#tasks.onEnd(attempt, end),
      onLost: () => {
        this.#lost = true;
        void this.#slots.close();
        options.onLost(this.id);
      },
    });
    const data = new LocalData((id) => options.readDriverBlock(id));
    this.#tasks = new TaskRunner({
      executor: this.id,
      slots: this.#slots,
      fetcher: new BlockFetcher({
        self: this.id,
        pool,
        store,
        spills,
        data,
      }),
      replicator: new Replicator({ pool, store, data, log: silentLogger() }),
      store,
      pool,
      send: (statuses) => {
        if (!this.#lost) options.onStatuses(this.id, statuses);
      },
    });
  }

  launch(_executor: ExecutorId, stage: PlannedStage, batch: EpochMs, task: LaunchTask): void {
    if (!this.#held.has(stage.run)) this.#announce(stage, batch);
    this.#tasks.launch([task]);
  }

  send(_executor: ExecutorId, message: ToExecutor): void {
    if (message.type === "cancel") this.#tasks.cancel(message.task);
  }

  tidy(_executor: ExecutorId, message: ToExecutor): void {
    if (message.type === "dropBlocks") this.dropBlocks(message.blocks);
    else if (message.type === "dropShuffles")
      for (const shuffle of message.shuffles) this.#store.dropPrefix(`shuffle/${shuffle}/`);
  }

  dropBlocks(blocks: readonly BlockId[]): void {
    this.#store.drop(blocks);
    this.#slots.dropBroadcasts(blocks.filter((id) => id.startsWith("broadcast/")));
  }

  stageDone(run: StageRunId): void {
    if (!this.#held.has(run)) return;
    this.#tasks.endStage(run);
    this.#slots.dropTemplates(this.#held.endStage(run));
  }

  /** A block of this executor; `undefined` if it is not here. */
  read(id: BlockId): readonly Uint8Array[] | undefined {
    const pin = this.#store.pin(id);
    if (pin === undefined) return undefined;
    try {
      return [...readHandle(pin.handle, this.#pool)].map((piece) => piece.slice());
    } finally {
      pin.release();
    }
  }

  async close(): Promise<void> {
    await this.#slots.close();
    await this.#store.close();
  }

  #announce(stage: PlannedStage, batch: EpochMs): void {
    const { run, templates, captures, broadcasts, writes, partitions, limit } = stage;
    const { send, drop } = this.#held.startStage(stage);
    this.#slots.dropTemplates(drop);
    for (const template of send) this.#slots.loadTemplate(template);
    this.#tasks.startStage({
      type: "stage",
      run,
      batch,
      templates: templates.map(({ id }) => id),
      captures,
      broadcasts,
      writes,
      partitions,
      ...(limit === undefined ? {} : { limit }),
    });
  }
}
