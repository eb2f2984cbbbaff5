import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type BackoffRange,
  type Clock,
  type ExecutorId,
  type JobId,
  type Logger,
  localZone,
  millis,
  type TakeOutput,
  type Timer,
  toWireError,
} from "@millrace/base";
import type { BlockId, BlockLocation } from "@millrace/plan";
import {
  type BlockService,
  type DriverSession,
  PROTOCOL_VERSION,
  type ReadableBlock,
  type ToExecutor,
} from "@millrace/rpc";
import { type Commands, ProcessGroups } from "@millrace/runtime/threads";
import { BlockPool, BlockStore, readHandle, SpillDirectory } from "@millrace/storage";
import { BlockFetcher } from "./blocks/block-fetcher.ts";
import { fetchCopies } from "./blocks/copy-fetcher.ts";
import { type DataPlane, type DataPort, openData } from "./blocks/data-port.ts";
import { Replicator } from "./blocks/replicator.ts";
import { StoreSink } from "./blocks/store-sink.ts";
import { receiverHeap } from "./memory.ts";
import type { ReceivedLog } from "./received-log/received-log.ts";
import { ReceiverThreads } from "./receiver/receiver-threads.ts";
import type { ExecutorCode, ExecutorSlots, ExecutorThreads } from "./slots/executor-threads.ts";
import { TaskRunner } from "./slots/task-runner.ts";

export interface JobExecutorOptions {
  readonly job: JobId;
  readonly executor: ExecutorId;
  readonly slots: number;
  /** With the job driver. Used from `start` on. */
  readonly session: DriverSession;
  readonly data: DataPlane;
  /** The threads that run code of the job. */
  readonly threads: ExecutorThreads;
  /** A directory for this executor alone, created if missing and removed at the end. */
  readonly workDir: string;
  readonly poolBytes: number;
  readonly slotHeapBytes: number;
  /** Notified of process groups that tasks start, so that another process can end them when this one no longer can. */
  readonly commands?: Pick<Commands, "started" | "ended">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the output of the job's code. */
  readonly output: TakeOutput;
}

const HEARTBEAT_MS = 1_000;
const THREADS_END_MS = 2_000;
/** The pauses before the received log is tried again. */
const LOG_RETRY_DELAY: BackoffRange = { min: millis(100), max: millis(5_000) };

/**
 * One job on one executor: its slot threads, its blocks, its receivers. In a process of its own on a cluster, within
 * the driver's for `local[N]`. The job driver decides what runs where.
 *
 *     starting ─welcome─▶ loading (artefact, threads) ─ready─▶ running ─shutdown, session lost, fatal─▶ ended
 *
 * A leaving executor stays in `running`.
 */
export class JobExecutor {
  readonly #options: JobExecutorOptions;
  readonly #pool: BlockPool;
  readonly #store: BlockStore;
  readonly #fetcher: BlockFetcher;
  readonly #data: DataPort;
  readonly #spillDir: string;
  readonly #commands = new ProcessGroups();
  readonly #endCommands = (): void => void this.#commands.endAll();
  #running:
    | { readonly slots: ExecutorSlots; readonly tasks: TaskRunner; readonly receivers: ReceiverThreads }
    | undefined;
  #receivedLog: ReceivedLog | undefined;
  /** Resolves when the output of the job's code has been taken. */
  #flush: () => Promise<unknown> = async () => {};
  #heartbeat: Timer | undefined;
  #end: Promise<void> | undefined;
  #resolveEnded: (error: Error | undefined) => void = () => {};
  /** Settles when this executor has ended and released everything: with the reason unless it was asked to end. */
  readonly ended: Promise<Error | undefined>;

  /**
   * Opens what is needed and says hello; the rest is up to the driver.
   *
   * @throws BIND_FAILED, INSECURE_BIND, POOL_NOT_CREATED, and the file system's errors for `workDir`.
   */
  static async start(options: JobExecutorOptions): Promise<JobExecutor> {
    const spillDir = join(options.workDir, "blocks");
    await mkdir(spillDir, { recursive: true });
    const pool = BlockPool.create({ bytes: options.poolBytes });
    const store = new BlockStore({
      pool,
      directory: spillDir,
      onError: (error) => options.log.warn(error.message),
    });
    const spills = new SpillDirectory(spillDir, pool.owner);
    const data = await openData(options.data, {
      self: options.executor,
      blocks: blockService(pool, store, spills),
      onConnectionError: (peer, error) => options.log.warn({ peer }, error.message),
    });
    return new JobExecutor(options, { pool, store, spills, spillDir, data });
  }

  private constructor(
    options: JobExecutorOptions,
    parts: {
      readonly pool: BlockPool;
      readonly store: BlockStore;
      readonly spills: SpillDirectory;
      readonly spillDir: string;
      readonly data: DataPort;
    },
  ) {
    const { session } = options;
    this.#options = options;
    this.#pool = parts.pool;
    this.#store = parts.store;
    this.#spillDir = parts.spillDir;
    this.#data = parts.data;
    this.#fetcher = new BlockFetcher({
      self: options.executor,
      pool: parts.pool,
      store: parts.store,
      spills: parts.spills,
      data: parts.data,
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    // A thread blocked in a native call lives until the process exits.
    process.once("exit", this.#endCommands);
    session.onMessage((message) => this.#onMessage(message));
    session.onClose((error) => void this.#shutDown(error));
    session.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      job: options.job,
      executor: options.executor,
      slots: options.slots,
      data: parts.data.address,
      pid: process.pid,
      zone: localZone(),
    });
  }

  /** Tells the driver that this executor is leaving; it serves until the driver sends `shutdown`, or {@link stop}. */
  leave(): void {
    if (this.#running === undefined) void this.stop();
    else this.#options.session.send({ type: "leaving" });
  }

  /** Ends everything, cutting running work short. Later calls wait for the first. */
  stop(): Promise<void> {
    return this.#shutDown(undefined);
  }

  #onMessage(message: ToExecutor): void {
    if (message.type === "welcome") {
      this.#load(message).catch((error: unknown) => this.#fail(error));
      return;
    }
    if (message.type === "peers") return this.#data.setPeers(message.peers);
    if (message.type === "shutdown") return void this.#shutDown(undefined);
    const running = this.#running;
    if (running === undefined) return; // the driver sends nothing else before `ready`
    switch (message.type) {
      case "template":
        return running.slots.loadTemplate(message.template);
      case "stage":
        return running.tasks.startStage(message);
      case "launch":
        return running.tasks.launch(message.tasks);
      case "cancel":
        return running.tasks.cancel(message.task);
      case "stageDone":
        return running.tasks.endStage(message.run);
      case "dropTemplates":
        return running.slots.dropTemplates(message.templates);
      case "dropShuffles":
        for (const shuffle of message.shuffles) this.#store.dropPrefix(`shuffle/${shuffle}/`);
        return;
      case "dropBlocks":
        this.#store.drop(message.blocks);
        return running.slots.dropBroadcasts(message.blocks.filter((id) => id.startsWith("broadcast/")));
      case "copyBlocks":
        return void this.#copy(message.blocks);
      case "settle":
        void running.slots.settle().then(() => this.#options.session.send({ type: "settled" }));
        return;
      default:
        return running.receivers.onMessage(message);
    }
  }

  async #copy(blocks: readonly BlockLocation[]): Promise<void> {
    const { session, log } = this.#options;
    const { copied, failed } = await fetchCopies(blocks, { fetcher: this.#fetcher, log });
    if (this.#end === undefined) session.send({ type: "blocksCopied", copied, failed });
  }

  async #load(welcome: Extract<ToExecutor, { readonly type: "welcome" }>): Promise<void> {
    const { job, log, slots, threads, workDir } = this.#options;
    this.#data.setDriver(welcome.data);
    const code = await threads.install(await this.#artefact(welcome.artefact), join(workDir, "artefact"));
    if (this.#end !== undefined) return;
    const running = this.#newRunning(welcome, code);
    await running.slots.start();
    if (this.#end !== undefined) return void (await running.slots.close());
    this.#running = running;
    this.#options.session.send({ type: "ready" });
    this.#beat();
    log.info({ job }, `${slots} slots are ready`);
  }

  #newRunning(
    { conf, receivedLog: place }: Extract<ToExecutor, { readonly type: "welcome" }>,
    { module: executorModule, externals }: ExecutorCode,
  ) {
    const { session, clock, log, executor, slotHeapBytes, output, threads } = this.#options;
    const slots = threads.slots(
      {
        slots: this.#options.slots,
        pool: this.#pool,
        store: this.#store,
        heapBytes: slotHeapBytes,
        workDir: this.#spillDir,
        executorModule,
        externals,
        commands: {
          started: (group) => {
            this.#commands.started(group);
            this.#options.commands?.started(group);
          },
          ended: (group) => {
            this.#commands.ended(group);
            this.#options.commands?.ended(group);
          },
        },
        conf,
        clock,
        log,
        output,
      },
      {
        onEnd: (attempt, end) => tasks.onEnd(attempt, end),
        onTrouble: (error) => session.send({ type: "trouble", error: toWireError(error) }),
        onFatal: (error) => this.#fail(error),
      },
    );
    const replicator = new Replicator({
      pool: this.#pool,
      store: this.#store,
      data: this.#data,
      log,
    });
    const tasks = new TaskRunner({
      executor,
      slots,
      fetcher: this.#fetcher,
      store: this.#store,
      pool: this.#pool,
      replicator,
      send: (statuses) => session.send({ type: "tasks", statuses }),
    });
    const receivedLog =
      place &&
      threads.receivedLog({
        ...place,
        writer: `${executor}.${clock.now().toString(36)}`,
        pool: this.#pool,
        clock,
        executorModule,
        retryDelay: LOG_RETRY_DELAY,
        onFailing: (error) => receivers.onLogFailing(error),
      });
    this.#receivedLog = receivedLog;
    if (receivedLog !== undefined) this.#fetcher.useLog(receivedLog);
    const receivers: ReceiverThreads = new ReceiverThreads({
      receivedLog: conf["receiver.log"] === "on" ? receivedLog : undefined,
      executor,
      pool: this.#pool,
      store: this.#store,
      replicator,
      send: (message) => session.send(message),
      conf,
      heapBytes: receiverHeap(conf, slotHeapBytes),
      workDir: this.#spillDir,
      executorModule,
      clock,
      log,
      output,
    });
    this.#flush = () => Promise.all([slots.flush(), receivers.flush()]);
    return { slots, tasks, receivers };
  }

  async #artefact(location: BlockLocation): Promise<Uint8Array> {
    const held = await this.#fetcher.hold(location);
    try {
      return Buffer.concat([...readHandle(held.handle, this.#pool)]);
    } finally {
      held.release();
    }
  }

  #beat(): void {
    this.#heartbeat = this.#options.clock.after(millis(HEARTBEAT_MS), () => {
      const { poolUsedBytes, blocks, spilledBytes } = this.#store.usage();
      this.#options.session.send({
        type: "heartbeat",
        rssBytes: process.memoryUsage.rss(),
        poolBytes: poolUsedBytes,
        blocks,
        spilledBytes,
      });
      this.#beat();
    });
  }

  /** This executor cannot continue: it tells the driver why, then ends. */
  #fail(error: unknown): void {
    if (this.#end !== undefined) return;
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#options.log.error(failure.message);
    this.#options.session.send({ type: "failed", error: toWireError(error) });
    void this.#shutDown(failure);
  }

  #shutDown(error: Error | undefined): Promise<void> {
    this.#end ??= this.#close().then(() => this.#resolveEnded(error));
    return this.#end;
  }

  async #close(): Promise<void> {
    this.#heartbeat?.cancel();
    // A native call may block a thread, which then ends with the process; it is not awaited here.
    await this.#atMost(THREADS_END_MS, this.#running?.receivers.close());
    await this.#atMost(THREADS_END_MS, this.#receivedLog?.close());
    this.#options.session.close();
    await this.#atMost(THREADS_END_MS, this.#running?.slots.close());
    this.#endCommands();
    process.off("exit", this.#endCommands);
    // At the reader's pace: the taker of the output decides when to cut it off.
    await this.#flush();
    await this.#data.close();
    await this.#store.close();
    await rm(this.#options.workDir, { recursive: true, force: true });
  }

  async #atMost(ms: number, work: Promise<void> | undefined): Promise<void> {
    let timer: Timer | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = this.#options.clock.after(millis(ms), resolve);
    });
    await Promise.race([work, enough]);
    timer?.cancel();
  }
}

function blockService(pool: BlockPool, store: BlockStore, spills: SpillDirectory): BlockService {
  return {
    read: (id) => readable(store, pool, id),
    write: (id, bytes) => new StoreSink({ pool, store, spills, id, bytes }),
  };
}

function readable(store: BlockStore, pool: BlockPool, id: BlockId): ReadableBlock | undefined {
  const pin = store.pin(id);
  if (pin === undefined) return undefined;
  return { [Symbol.iterator]: () => readHandle(pin.handle, pool), release: () => pin.release() };
}
