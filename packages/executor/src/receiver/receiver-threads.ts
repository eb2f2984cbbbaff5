import {
  Backoff,
  type Clock,
  deferred,
  type ExecutorId,
  type JobConf,
  type Logger,
  type StreamId,
  systemRng,
  type TakeOutput,
  ThreadOutput,
  toWireError,
  unreachable,
} from "@millrace/base";
import { type BlockId, receivedBlockId } from "@millrace/plan";
import type { FromExecutor, ToExecutor } from "@millrace/rpc";
import type { BlockPool, BlockStore } from "@millrace/storage";
import { keepReceived, type Replicator } from "../blocks/replicator.ts";
import type { BlockForLog, ReceivedLog } from "../received-log/received-log.ts";
import { inventory, type KnownBlock, RECEIVED } from "./inventory.ts";
import type { ReceiverInit } from "./protocol.ts";
import { type Group, postStart, restartDelay, type Start, type StoredBlock, type Stream } from "./receiver-streams.ts";
import { type FromThread, ReceiverThread, stuckThread } from "./receiver-thread.ts";
import { threadEnded } from "./thread-ended.ts";

export interface ReceiverThreadsPorts {
  readonly executor: ExecutorId;
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly replicator: Replicator;
  /** `undefined`: blocks are not logged. */
  readonly receivedLog: ReceivedLog | undefined;
  send(message: FromExecutor): void;
  readonly conf: JobConf;
  /** The heap of each receiver's thread. */
  readonly heapBytes: number;
  readonly workDir: string;
  readonly executorModule: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly output: TakeOutput;
}

type ReceivedBlockMessage = Extract<FromThread, { readonly type: "block" }>;

/** The group of all receivers without user code. */
const SOCKETS = "sockets";

/**
 * The main thread's side of the receivers: assigns threads, stores and announces blocks, and confirms those that the
 * driver has taken.
 */
export class ReceiverThreads {
  readonly #ports: ReceiverThreadsPorts;
  readonly #streams = new Map<StreamId, Stream>();
  readonly #groups = new Map<string, Group>();
  /** Including those that are done and ending. */
  readonly #threads = new Set<ReceiverThread>();
  /** Of these threads, and of ended ones whose output is still being taken. */
  readonly #outputs = new Set<ThreadOutput>();
  /** Blocks that the driver has not taken yet. Bounded: each receiver is held back by its own. */
  readonly #unconfirmed = new Map<BlockId, { readonly thread: ReceiverThread; readonly block: number }>();
  /** What is known of the blocks of these receivers that are in the store. */
  readonly #known = new Map<BlockId, KnownBlock>();
  /** Unconfirmed blocks that the driver knows of by {@link held}: they are not announced. */
  readonly #inventory = new Set<BlockId>();
  #closing = false;

  constructor(ports: ReceiverThreadsPorts) {
    this.#ports = ports;
  }

  onMessage(message: ToExecutor): void {
    switch (message.type) {
      case "startReceiver":
        return this.#start(message);
      case "stopReceiver":
        return this.#stop(message.stream);
      case "replicateTo": {
        const stream = this.#streams.get(message.stream);
        if (stream !== undefined) stream.replicateTo = message.peer;
        return;
      }
      case "receiverBacklog":
        return this.#hold(message.stream, message.bytes >= this.#ports.conf["receiver.buffer.bytes"]);
      case "blocksTaken":
        return this.#confirm(message.stream, message.blocks);
      default:
        return; // not about receivers
    }
  }

  /** The driver is gone: receivers are held back, and their reports wait for the next one. */
  suspend(): void {
    for (const entry of this.#streams.values()) {
      this.#hold(entry.start.stream, true);
      if (entry.adopted !== undefined) continue;
      const adopted = deferred<void>();
      entry.adopted = adopted;
      entry.line = entry.line.then(() => adopted.promise);
    }
  }

  /** What another driver of the job finds here, in several messages if it is much; none at the first. */
  held(): readonly FromExecutor[] {
    const { store, pool, executor } = this.#ports;
    for (const id of store.idsOf(RECEIVED)) if (this.#unconfirmed.has(id)) this.#inventory.add(id);
    const runs = [...this.#streams.values()].map(({ start: { stream, run }, stopping }) => ({
      ...{ stream, epoch: run.epoch, run: run.run, running: !stopping },
      ...(run.after === undefined ? {} : { after: run.after }),
    }));
    return inventory({ executor, store, pool, known: this.#known, runs });
  }

  /** Blocks were dropped from the store. */
  dropped(blocks: readonly BlockId[]): void {
    for (const id of blocks) this.#known.delete(id);
  }

  /** Terminates the threads: records that they have not handed over are lost. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  /** Resolves when all output of user code in the threads has been taken. */
  async flush(): Promise<void> {
    await Promise.all([...this.#outputs].map((output) => output.flush()));
  }

  #start(start: Start): void {
    const known = this.#streams.get(start.stream);
    if (known?.stopping === true) known.again = start;
    if (known !== undefined) return this.#adopt(known, start.replicateTo);
    const group = this.#groupOf(start);
    const stream: Stream = {
      start,
      group,
      replicateTo: start.replicateTo,
      held: false,
      stopping: false,
      line: Promise.resolve(),
      blocks: 0,
      position: start.run.position,
      gap: false,
      adopted: undefined,
      again: undefined,
    };
    group.streams.add(stream);
    this.#streams.set(start.stream, stream);
    postStart(stream, 0);
  }

  /** The driver takes over a receiver that has run under an earlier one. */
  #adopt(entry: Stream, replicateTo: ExecutorId | undefined): void {
    entry.replicateTo = replicateTo;
    entry.adopted?.resolve();
    entry.adopted = undefined;
    this.#hold(entry.start.stream, false);
  }

  #stop(stream: StreamId): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) {
      this.#ports.send({ type: "receiver", stream, status: { state: "stopped" } });
      return;
    }
    entry.stopping = true;
    entry.adopted?.resolve();
    entry.adopted = undefined;
    entry.group.thread.post({ type: "stop", stream });
    this.#endStuck(entry.group);
  }

  #hold(stream: StreamId, held: boolean): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined || entry.held === held) return;
    entry.held = held;
    entry.group.thread.post({ type: "hold", stream, held });
  }

  #confirm(stream: StreamId, blocks: readonly BlockId[]): void {
    for (const id of blocks) {
      const block = this.#unconfirmed.get(id);
      this.#unconfirmed.delete(id);
      block?.thread.post({ type: "confirmed", stream, block: block.block });
    }
  }

  #groupOf({ stream, receiver }: Start): Group {
    const shared = receiver.kind === "socketText" || receiver.kind === "rawSocket";
    const name = shared ? SOCKETS : `receiver ${stream}`;
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const group: Group = {
      name,
      streams: new Set(),
      thread: this.#newThread(name),
      backoff: new Backoff(restartDelay(this.#ports.conf), systemRng()),
    };
    this.#groups.set(name, group);
    return group;
  }

  #newThread(name: string): ReceiverThread {
    const { pool, conf, heapBytes, workDir, executorModule, clock } = this.#ports;
    const output = new ThreadOutput(this.#ports.output);
    const init: ReceiverInit = {
      pool: pool.handle,
      workDir,
      executorModule,
      output: output.connect(),
      restartDelay: restartDelay(conf),
      stopTimeoutMs: conf["receiver.stop.timeout"],
      lineBytesMax: conf["line.bytes.max"],
      unconfirmedBytesMax: Math.max(1 << 20, Math.floor(conf["receiver.buffer.bytes"] / 4)),
    };
    const thread = new ReceiverThread({
      name,
      init,
      heapBytes,
      clock,
      onMessage: (message) => this.#onThread(thread, message),
      onStuck: (stuck) => this.#onStuck(thread, stuck),
      onEnded: (cause) => {
        void output.flush().then(() => this.#outputs.delete(output));
        this.#onThreadEnded(thread, cause);
      },
    });
    this.#threads.add(thread);
    this.#outputs.add(output);
    return thread;
  }

  #onThread(thread: ReceiverThread, message: FromThread): void {
    const entry = this.#streams.get(message.stream);
    if (entry === undefined) return;
    switch (message.type) {
      case "block":
        entry.group.backoff.reset();
        this.#take(thread, entry, message);
        return;
      case "status":
        entry.line = entry.line.then(() => {
          if (message.status.state === "stopped") this.#forget(entry);
          if (message.status.state === "stopped" && entry.again !== undefined) return this.#start(entry.again);
          this.#ports.send({ type: "receiver", stream: message.stream, status: message.status });
        });
        return;
      default:
        return unreachable(message);
    }
  }

  #forget(entry: Stream): void {
    const { group } = entry;
    this.#streams.delete(entry.start.stream);
    group.streams.delete(entry);
    if (group.streams.size > 0) return;
    this.#groups.delete(group.name);
    group.thread.retire();
  }

  /** Stores a block and begins to log it; it is announced when its turn comes. */
  #take(thread: ReceiverThread, entry: Stream, message: ReceivedBlockMessage): void {
    const { stream, block, handle, bytes, records } = message;
    const { store, log } = this.#ports;
    const { epoch, run } = entry.start.run;
    const place = { epoch, run, block: entry.blocks++ };
    const id = receivedBlockId(stream, place);
    if (message.first) entry.gap = false;
    try {
      store.put(id, handle, keepReceived(entry.start.level));
      store.countSpilled(handle); // the receiver itself spilled it because the pool was full
    } catch (error) {
      log.error({ stream }, `received block ${id} is refused: ${String(error)}`);
      thread.post({ type: "refused", stream, block, error: toWireError(error) });
      entry.gap = true;
      return;
    }
    const position = entry.gap ? undefined : message.position;
    this.#unconfirmed.set(id, { thread, block });
    this.#known.set(id, { records, position });
    const logged = this.#log(entry, { id, place, bytes, records, position });
    const stored = { id, bytes, records, position, logged };
    entry.line = entry.line.then(() => this.#announce(entry, stored));
  }

  /** Begins to write a stored block to the received log, if the job has one. */
  #log(entry: Stream, block: Omit<BlockForLog, "run" | "handle"> & { readonly id: BlockId }): StoredBlock["logged"] {
    const { receivedLog, store } = this.#ports;
    const pin = receivedLog && store.pin(block.id);
    if (receivedLog === undefined || pin === undefined) return undefined;
    const { input, run } = entry.start;
    const { epoch, run: number, after } = run;
    const { id: _, ...rest } = block;
    const begun = { input, epoch, run: number, ...(after === undefined ? {} : { after }) };
    return receivedLog.append({ ...rest, run: begun, handle: pin.handle }).finally(() => pin.release());
  }

  /** Waits for the log, sends the second copy of a block, then announces it. Never rejects. */
  async #announce(entry: Stream, stored: StoredBlock): Promise<void> {
    const { id, bytes, records, position } = stored;
    const { executor, replicator, send } = this.#ports;
    const { stream } = entry.start;
    const logged = await stored.logged;
    const peer = entry.replicateTo;
    const copied = peer !== undefined && (await replicator.copyTo(peer, [id]));
    const at = copied ? [executor, peer] : [executor];
    entry.position = position ?? entry.position;
    if (this.#inventory.delete(id)) return;
    const known = { ...(logged === undefined ? {} : { logged }), ...(position === undefined ? {} : { position }) };
    send({ type: "received", stream, blocks: [{ id, bytes, records, at, ...known }] });
  }

  /** The log cannot be written, or can again: told for each receiver, since blocks of all of them wait. */
  onLogFailing(error: Error | undefined): void {
    const { log, send } = this.#ports;
    if (error === undefined) log.info("received blocks are logged again");
    else log.warn(error.message);
    const status =
      error === undefined
        ? ({ state: "logged" } as const)
        : ({ state: "unlogged", error: toWireError(error) } as const);
    for (const stream of this.#streams.keys()) send({ type: "receiver", stream, status });
  }

  #onStuck(thread: ReceiverThread, stuck: boolean): void {
    const { log, send } = { log: this.#ports.log, send: this.#ports.send };
    const error = stuckThread();
    for (const group of this.#groups.values()) {
      if (group.thread !== thread) continue;
      if (stuck) log.warn({ code: error.code, thread: group.name }, error.message);
      for (const { start } of group.streams) {
        const status = stuck
          ? ({ state: "stuck", error: toWireError(error) } as const)
          : ({ state: "answering" } as const);
        send({ type: "receiver", stream: start.stream, status });
      }
      this.#endStuck(group);
    }
  }

  /** A thread that does not answer cannot be told to stop either. */
  #endStuck({ thread, streams }: Group): void {
    if (thread.stuck && [...streams].every(({ stopping }) => stopping)) void thread.terminate(stuckThread());
  }

  /** A new thread takes over its receivers, with back-off while threads keep ending. */
  #onThreadEnded(thread: ReceiverThread, cause: Error | undefined): void {
    this.#threads.delete(thread);
    if (this.#closing) return;
    for (const [id, block] of this.#unconfirmed) if (block.thread === thread) this.#unconfirmed.delete(id);
    const lines: Promise<void>[] = [];
    for (const group of this.#groups.values()) if (group.thread === thread) lines.push(...this.#renew(group, cause));
    // Blocks it had passed on are stored first; then the rest of its memory can be freed.
    void Promise.all(lines).then(() => this.#ports.store.reclaim(thread.poolOwner));
  }

  /** Returns when everything that the old thread had passed on is stored. */
  #renew(group: Group, cause: Error | undefined): readonly Promise<void>[] {
    const { log, heapBytes, send } = this.#ports;
    const error = threadEnded(cause, heapBytes);
    log.warn({ code: error.code, thread: group.name }, error.message);
    const retryMs = group.backoff.next();
    const going = [...group.streams].filter(({ stopping }) => !stopping);
    if (going.length > 0) group.thread = this.#newThread(group.name);
    else this.#groups.delete(group.name);
    return [...group.streams].map((entry) => {
      const { stream } = entry.start;
      const { stopping } = entry;
      if (stopping) group.streams.delete(entry);
      entry.line = entry.line.then(() => {
        if (stopping) this.#streams.delete(stream);
        // After its blocks are announced, so that it goes on after them. Told to stop by now, the new thread has answered that.
        else if (!entry.stopping) postStart(entry, retryMs);
        const status = stopping
          ? ({ state: "stopped", error: toWireError(error) } as const)
          : ({ state: "retrying", error: toWireError(error), retryMs } as const);
        send({ type: "receiver", stream, status });
      });
      return entry.line;
    });
  }
}
