import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { localZone, makeDirectory, millis, type Timer, toWireError } from "@millrace/base";
import type { BlockLocation } from "@millrace/plan";
import { type DriverSession, type FromExecutor, PROTOCOL_VERSION, type ToExecutor } from "@millrace/rpc";
import { BlockPool, BlockStore, readHandle, SpillDirectory } from "@millrace/storage";
import { BlockFetcher } from "./blocks/block-fetcher.ts";
import { blockService } from "./blocks/block-service.ts";
import { fetchCopies } from "./blocks/copy-fetcher.ts";
import { type DataPort, openData } from "./blocks/data-port.ts";
import { Replicator } from "./blocks/replicator.ts";
import { slotStuck } from "./errors.ts";
import type { JobExecutorOptions } from "./job-executor-options.ts";
import type { ReceivedLog } from "./received-log/received-log.ts";
import { RECEIVED } from "./receiver/inventory.ts";
import type { ReceiverThreads } from "./receiver/receiver-threads.ts";
import { RunningCode, type WelcomeMessage } from "./running-code.ts";
import type { ExecutorSlots } from "./slots/executor-threads.ts";
import type { TaskRunner } from "./slots/task-runner.ts";

const HEARTBEAT_MS = 1_000;
const THREADS_END_MS = 2_000;

/**
 * One job on one executor: its slot threads, its blocks, its receivers. In a process of its own on a cluster, within
 * the driver's for `local[N]`. The job driver decides what runs where.
 *
 *     starting ─welcome─▶ loading (artefact, threads) ─ready─▶ running ─shutdown, session lost, fatal─▶ ended
 *         ▲                                                       │
 *         └─────────────────── rebind: another driver ◀───────────┘
 *
 * A leaving executor stays in `running`. With another driver it begins anew, with the received blocks that it holds and
 * the receivers that it runs.
 */
export class JobExecutor {
  readonly #options: JobExecutorOptions;
  readonly #pool: BlockPool;
  readonly #store: BlockStore;
  readonly #fetcher: BlockFetcher;
  readonly #data: DataPort;
  readonly #code: RunningCode;
  /** With the current driver. */
  #session: DriverSession;
  #running: { readonly slots: ExecutorSlots; readonly tasks: TaskRunner } | undefined;
  #receivedLog: ReceivedLog | undefined;
  /** From the first welcome on. */
  #receivers: ReceiverThreads | undefined;
  /** Another driver of the job may go on with what is here. */
  #resumable = false;
  #leaving = false;
  /** All but received blocks and receivers is gone when it resolves. */
  #suspended: Promise<void> | undefined;
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
    makeDirectory(resolve(spillDir));
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
    this.#options = options;
    this.#session = options.session;
    this.#pool = parts.pool;
    this.#store = parts.store;
    this.#data = parts.data;
    this.#fetcher = new BlockFetcher({
      self: options.executor,
      pool: parts.pool,
      store: parts.store,
      spills: parts.spills,
      data: parts.data,
    });
    const { pool, store, data, spillDir } = parts;
    const replicator = new Replicator({ pool, store, data, log: options.log });
    this.#code = new RunningCode(options, { pool, store, fetcher: this.#fetcher, replicator, spillDir });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#attach(options.session);
  }

  #attach(session: DriverSession): void {
    const { job, executor, slots } = this.#options;
    this.#session = session;
    session.onMessage((message) => {
      if (session === this.#session) this.#onMessage(message);
    });
    session.onClose((error) => {
      if (session === this.#session) this.#onClosed(error);
    });
    session.send({
      type: "hello",
      protocol: PROTOCOL_VERSION,
      job,
      executor,
      slots,
      data: this.#data.address,
      pid: process.pid,
      zone: localZone(),
    });
  }

  #onClosed(error: Error | undefined): void {
    const { onDriverLost } = this.#options;
    if (error === undefined || onDriverLost === undefined || !this.#resumable) return void this.#shutDown(error);
    this.#suspend();
    onDriverLost(error);
  }

  /** The driver is gone. Whatever its next one cannot use goes too. */
  #suspend(): void {
    if (this.#suspended !== undefined) return;
    this.#heartbeat?.cancel();
    const running = this.#running;
    this.#running = undefined;
    this.#receivers?.suspend();
    running?.tasks.close();
    const closed = this.#atMost(THREADS_END_MS, running?.slots.close());
    this.#suspended = closed.then((inTime) => {
      if (inTime) this.#store.dropAllBut(RECEIVED);
      else
        this.#fail(
          slotStuck("a native call blocks a slot thread. This process ends, with the received blocks that it holds."),
        );
    });
  }

  /** Goes on with another driver of the job, which has taken over its log. */
  async rebind(dial: () => DriverSession): Promise<void> {
    const before = this.#session;
    this.#suspend();
    await this.#suspended;
    if (this.#end !== undefined || before !== this.#session) return;
    this.#suspended = undefined;
    this.#attach(dial());
    before.close();
  }

  /** Tells the driver that this executor is leaving; it serves until the driver sends `shutdown`, or {@link stop}. */
  leave(): void {
    this.#leaving = true;
    if (this.#receivers === undefined) void this.stop();
    else if (this.#running !== undefined) this.#session.send({ type: "leaving" });
  }

  /** Ends everything, cutting running work short. Later calls wait for the first. */
  stop(): Promise<void> {
    return this.#shutDown(undefined);
  }

  #onMessage(message: ToExecutor): void {
    if (message.type === "welcome") {
      const session = this.#session;
      this.#load(message, session).catch((error: unknown) => this.#onLoadFailed(session, error));
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
        this.#receivers?.dropped(message.blocks);
        return running.slots.dropBroadcasts(message.blocks.filter((id) => id.startsWith("broadcast/")));
      case "copyBlocks":
        return void this.#copy(message.blocks);
      case "settle":
        void running.slots.settle().then(() => this.#session.send({ type: "settled" }));
        return;
      default:
        return this.#receivers?.onMessage(message);
    }
  }

  async #copy(blocks: readonly BlockLocation[]): Promise<void> {
    const { log } = this.#options;
    const session = this.#session;
    const { copied, failed } = await fetchCopies(blocks, { fetcher: this.#fetcher, log });
    if (this.#end === undefined) session.send({ type: "blocksCopied", copied, failed });
  }

  async #load(welcome: WelcomeMessage, session: DriverSession): Promise<void> {
    const { job, log, slots, threads, workDir } = this.#options;
    this.#data.setDriver(welcome.data);
    const code = await threads.install(await this.#artefact(welcome.artefact), join(workDir, "artefact"));
    if (this.#isOver(session)) return;
    const running = this.#code.slots(welcome, code, { session, onFatal: (error) => this.#fail(error) });
    await this.#receivedLog?.close();
    const receivedLog = this.#code.receivedLog(welcome, code, (error) => this.#receivers?.onLogFailing(error));
    this.#receivedLog = receivedLog;
    const probed = this.#code.answerProbe(welcome, receivedLog);
    await running.slots.start();
    const unfit = await probed;
    if (this.#isOver(session)) return void (await running.slots.close());
    if (unfit !== undefined) {
      log.error({ job }, unfit.message);
      session.send({ type: "unfit", error: toWireError(unfit) });
      return running.slots.close();
    }
    this.#running = running;
    const send = (message: FromExecutor): void => this.#session.send(message);
    this.#receivers ??= this.#code.receivers(welcome.conf, code, { receivedLog, send });
    // What is in the received log needs nobody to hold it.
    this.#resumable = welcome.receivedLog !== undefined && welcome.conf["receiver.log"] === "off";
    for (const message of this.#receivers.held()) session.send(message);
    session.send({ type: "ready" });
    if (this.#leaving) session.send({ type: "leaving" });
    this.#beat();
    log.info({ job }, `${slots} slots are ready`);
  }

  /** This executor has ended, or has another driver by now. */
  #isOver(session: DriverSession): boolean {
    return this.#end !== undefined || session !== this.#session || this.#suspended !== undefined;
  }

  /** A driver that has just died may be the reason, and what is held is kept for the next one. */
  #onLoadFailed(session: DriverSession, error: unknown): void {
    if (this.#isOver(session)) return;
    if (!this.#resumable || this.#options.onDriverLost === undefined) return this.#fail(error);
    this.#options.log.warn(toWireError(error).message);
    this.#onClosed(error instanceof Error ? error : new Error(String(error)));
    session.close();
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
      this.#session.send({
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
    this.#session.send({ type: "failed", error: toWireError(error) });
    void this.#shutDown(failure);
  }

  #shutDown(error: Error | undefined): Promise<void> {
    this.#end ??= this.#close().then(() => this.#resolveEnded(error));
    return this.#end;
  }

  async #close(): Promise<void> {
    this.#heartbeat?.cancel();
    // A native call may block a thread, which then ends with the process; it is not awaited here.
    await this.#atMost(THREADS_END_MS, this.#receivers?.close());
    await this.#atMost(THREADS_END_MS, this.#receivedLog?.close());
    this.#session.close();
    await this.#atMost(THREADS_END_MS, this.#running?.slots.close());
    this.#code.endCommands();
    // At the reader's pace: the taker of the output decides when to cut it off.
    await this.#code.flush();
    await this.#data.close();
    await this.#store.close();
    await rm(this.#options.workDir, { recursive: true, force: true });
  }

  /** @returns False if the time was over first. */
  async #atMost(ms: number, work: Promise<void> | undefined): Promise<boolean> {
    let timer: Timer | undefined;
    const enough = new Promise<boolean>((resolve) => {
      timer = this.#options.clock.after(millis(ms), () => resolve(false));
    });
    const inTime = await Promise.race([(async () => work)().then(() => true), enough]);
    timer?.cancel();
    return inTime;
  }
}
