import {
  Backoff,
  type BackoffRange,
  type Clock,
  type EngineError,
  type ExecutorId,
  formatSize,
  type JobConf,
  type Logger,
  type StreamId,
  systemRng,
  type TakeOutput,
  ThreadOutput,
  toWireError,
  unreachable,
} from "@millrace/base";
import { type BlockId, blockId } from "@millrace/plan";
import type { FromExecutor, ToExecutor } from "@millrace/rpc";
import type { BlockPool, BlockStore } from "@millrace/storage";
import { keepReceived, type Replicator } from "../blocks/replicator.ts";
import { receiverStuck, receiverThreadEnded } from "../errors.ts";
import type { ReceiverInit } from "./protocol.ts";
import { type FromThread, ReceiverThread, stuckThread } from "./receiver-thread.ts";

export interface ReceiverThreadsPorts {
  readonly executor: ExecutorId;
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly replicator: Replicator;
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

type Start = Extract<ToExecutor, { readonly type: "startReceiver" }>;
type ReceivedBlockMessage = Extract<FromThread, { readonly type: "block" }>;

/** Receivers that share a thread: a receiver with user code has its own, all others share one. */
interface Group {
  readonly name: string;
  readonly streams: Set<Stream>;
  thread: ReceiverThread;
  /** Back-off of threads that end, until one passes on a block. */
  readonly backoff: Backoff;
}

interface Stream {
  readonly start: Start;
  readonly group: Group;
  replicateTo: ExecutorId | undefined;
  /** The engine is behind; a replacement thread is held back too. */
  held: boolean;
  stopping: boolean;
  /** Blocks are stored, replicated and announced in sequence, together with the receiver's reports. */
  line: Promise<void>;
}

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
  /** Announced blocks that the driver has not taken yet. Bounded: each receiver is held back by its own. */
  readonly #announced = new Map<BlockId, { readonly thread: ReceiverThread; readonly block: number }>();
  /** Blocks of a former process of this executor may still be known under its name. */
  readonly #prefix: string;
  #nextBlock = 0;
  #closing = false;

  constructor(ports: ReceiverThreadsPorts) {
    this.#ports = ports;
    this.#prefix = `${ports.executor}.${ports.clock.now().toString(36)}`;
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
    if (this.#streams.has(start.stream)) return; // a repeat
    const group = this.#groupOf(start);
    const stream: Stream = {
      start,
      group,
      replicateTo: start.replicateTo,
      held: false,
      stopping: false,
      line: Promise.resolve(),
    };
    group.streams.add(stream);
    this.#streams.set(start.stream, stream);
    postStart(stream, 0);
  }

  #stop(stream: StreamId): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) {
      this.#ports.send({ type: "receiver", stream, status: { state: "stopped" } });
      return;
    }
    entry.stopping = true;
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
      const announced = this.#announced.get(id);
      this.#announced.delete(id);
      announced?.thread.post({ type: "confirmed", stream, block: announced.block });
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
        entry.line = entry.line.then(() => this.#take(thread, entry, message));
        return;
      case "status":
        entry.line = entry.line.then(() => {
          if (message.status.state === "stopped") this.#forget(entry);
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

  /** Stores a block, sends its second copy, then announces it. Never rejects. */
  async #take(thread: ReceiverThread, entry: Stream, message: ReceivedBlockMessage): Promise<void> {
    const { stream, block, handle, bytes, records } = message;
    const { executor, store, log, replicator } = this.#ports;
    const id = blockId(`recv/${stream}/${this.#prefix}/${this.#nextBlock++}`);
    try {
      store.put(id, handle, keepReceived(entry.start.level));
      store.countSpilled(handle); // the receiver itself spilled it because the pool was full
    } catch (error) {
      log.error({ stream }, `received block ${id} is refused: ${String(error)}`);
      thread.post({ type: "refused", stream, block, error: toWireError(error) });
      return;
    }
    const peer = entry.replicateTo;
    const copied = peer !== undefined && (await replicator.copyTo(peer, [id]));
    const at = copied ? [executor, peer] : [executor];
    this.#announced.set(id, { thread, block });
    this.#ports.send({ type: "received", stream, blocks: [{ id, bytes, records, at }] });
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
    for (const [id, announced] of this.#announced) if (announced.thread === thread) this.#announced.delete(id);
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
      else postStart(entry, retryMs);
      entry.line = entry.line.then(() => {
        if (stopping) this.#streams.delete(stream);
        const status = stopping
          ? ({ state: "stopped", error: toWireError(error) } as const)
          : ({ state: "retrying", error: toWireError(error), retryMs } as const);
        send({ type: "receiver", stream, status });
      });
      return entry.line;
    });
  }
}

function postStart({ start, group, held }: Stream, afterMs: number): void {
  const { stream, receiver, blockIntervalMs } = start;
  group.thread.post({ type: "start", stream, spec: receiver, blockIntervalMs, afterMs, held });
}

function threadEnded(cause: Error | undefined, heapBytes: number): EngineError {
  const [why, remedy] = whyEnded(cause, heapBytes);
  return receiverThreadEnded(
    `its thread ended: ${why}. Records it had read but not stored are lost. ${remedy}`,
    cause === undefined ? {} : { cause },
  );
}

function whyEnded(cause: Error | undefined, heapBytes: number): readonly [why: string, remedy: string] {
  if (cause === undefined) return ["the job's code called process.exit", "Call stop() or restart() instead."];
  if ("code" in cause && cause.code === receiverStuck.code) {
    return ["it was asked to stop and its event loop was blocked", "Let its code await between pieces of its work."];
  }
  if ("code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY") {
    return [
      `it needed more memory than receiver.heap = ${formatSize(heapBytes)} gives it`,
      "Await store(), keep less in the receiver, or raise receiver.heap.",
    ];
  }
  return [cause.message.replace(/\.$/, ""), "Catch the error in the receiver and call restart()."];
}

function restartDelay(conf: JobConf): BackoffRange {
  return { min: conf["receiver.restart.delay.min"], max: conf["receiver.restart.delay.max"] };
}
