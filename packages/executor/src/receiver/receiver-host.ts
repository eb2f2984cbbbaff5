import { Worker } from "node:worker_threads";
import {
  type Clock,
  type EngineError,
  type ExecutorId,
  fromWireError,
  type JobConf,
  type Logger,
  type TakeOutput,
  ThreadOutput,
  threadHeap,
  toWireError,
} from "@millrace/base";
import { blockId } from "@millrace/plan";
import type { FromExecutor, ToExecutor } from "@millrace/rpc";
import type { BlockPool, BlockStore } from "@millrace/storage";
import { keepReceived, type Replicator } from "../blocks/replicator.ts";
import { receiverThreadEnded } from "../errors.ts";
import type { FromReceivers, ReceiverInit, ToReceivers } from "./protocol.ts";

export interface ReceiverHostPorts {
  readonly executor: ExecutorId;
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly replicator: Replicator;
  send(message: FromExecutor): void;
  readonly conf: JobConf;
  readonly heapBytes: number;
  readonly workDir: string;
  readonly executorModule: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly output: TakeOutput;
}

type Start = Extract<ToExecutor, { readonly type: "startReceiver" }>;
type ReceivedBlockMessage = Extract<FromReceivers, { readonly type: "block" }>;

interface Stream {
  readonly start: Start;
  replicateTo: ExecutorId | undefined;
  stopping: boolean;
  /** Blocks are stored, replicated and announced one after the other. */
  line: Promise<void>;
}

/** The main thread's side of the receivers: starts their thread when there is one, takes their blocks and announces them. */
export class ReceiverHost {
  readonly #ports: ReceiverHostPorts;
  readonly #streams = new Map<number, Stream>();
  /** Blocks of a former process of this executor may still be known under its name. */
  readonly #prefix: string;
  readonly #output: ThreadOutput;
  #nextBlock = 0;
  #thread: { readonly worker: Worker; readonly poolOwner: number } | undefined;
  #threadFailures = 0;
  #closing = false;

  constructor(ports: ReceiverHostPorts) {
    this.#ports = ports;
    this.#output = new ThreadOutput(ports.output);
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
        return this.#post({
          type: "hold",
          stream: message.stream,
          held: message.bytes >= this.#ports.conf["receiver.buffer.bytes"],
        });
      default:
        return; // not about receivers
    }
  }

  /** Ends the thread at once: what it had not handed over is lost. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#thread?.worker.terminate();
  }

  /** Resolves when everything that code of the job wrote in the receivers' thread has been taken. */
  flush(): Promise<void> {
    return this.#output.flush();
  }

  #start(start: Start): void {
    if (this.#streams.has(start.stream)) return; // a repeat
    this.#streams.set(start.stream, {
      start,
      replicateTo: start.replicateTo,
      stopping: false,
      line: Promise.resolve(),
    });
    this.#thread ??= this.#startThread();
    this.#postStart(start, 0);
  }

  #stop(stream: number): void {
    const entry = this.#streams.get(stream);
    if (entry === undefined) {
      this.#ports.send({ type: "receiver", stream, status: { state: "stopped" } });
      return;
    }
    entry.stopping = true;
    this.#post({ type: "stop", stream });
  }

  #postStart(start: Start, afterMs: number): void {
    const { stream, receiver, blockIntervalMs } = start;
    this.#post({ type: "start", stream, spec: receiver, blockIntervalMs, afterMs });
  }

  #post(message: ToReceivers): void {
    this.#thread?.worker.postMessage(message);
  }

  #startThread(): { readonly worker: Worker; readonly poolOwner: number } {
    const { pool, conf, heapBytes, workDir, executorModule } = this.#ports;
    const handle = pool.handle;
    const output = this.#output.connect();
    const init: ReceiverInit = {
      pool: handle,
      workDir,
      executorModule,
      output,
      restartMinMs: conf["receiver.restart.delay.min"],
      restartMaxMs: conf["receiver.restart.delay.max"],
      unconfirmedBytesMax: Math.max(1 << 20, Math.floor(conf["receiver.buffer.bytes"] / 4)),
    };
    const worker = new Worker(threadEntry(), {
      workerData: init,
      transferList: [output.port],
      name: "receivers",
      execArgv: [],
      resourceLimits: threadHeap(heapBytes),
    });
    let cause: Error | undefined;
    worker.on("message", (message: FromReceivers) => {
      if (message.type === "dying") cause = fromWireError(message.error);
      else this.#onThread(message);
    });
    worker.on("error", (error: Error) => {
      cause ??= error;
    });
    worker.on("exit", () => this.#onThreadEnded(handle.owner, cause));
    return { worker, poolOwner: handle.owner };
  }

  #onThread(message: Exclude<FromReceivers, { readonly type: "dying" }>): void {
    const entry = this.#streams.get(message.stream);
    if (entry === undefined) return;
    switch (message.type) {
      case "block":
        this.#threadFailures = 0;
        entry.line = entry.line.then(() => this.#take(entry, message));
        return;
      case "status":
        // After the blocks that came before it.
        entry.line = entry.line.then(() => {
          if (message.status.state === "stopped") this.#streams.delete(message.stream);
          this.#ports.send({ type: "receiver", stream: message.stream, status: message.status });
        });
        return;
    }
  }

  /** Stores a block, sends its second copy, then announces it. Never rejects. */
  async #take(entry: Stream, message: ReceivedBlockMessage): Promise<void> {
    const { stream, block, handle, bytes, records } = message;
    const { executor, store, log, replicator } = this.#ports;
    const id = blockId(`recv/${stream}/${this.#prefix}/${this.#nextBlock++}`);
    try {
      store.put(id, handle, keepReceived(entry.start.level));
    } catch (error) {
      log.error({ stream }, `received block ${id} is lost: ${String(error)}`);
      return; // not confirmed: the receiver is held back
    }
    const peer = entry.replicateTo;
    const copied = peer !== undefined && (await replicator.copyTo(peer, [id]));
    const at = copied ? [executor, peer] : [executor];
    this.#ports.send({ type: "received", stream, blocks: [{ id, bytes, records, at }] });
    this.#post({ type: "confirmed", stream, block });
  }

  /** A new thread takes the receivers over, after pauses that grow while threads keep ending. */
  #onThreadEnded(poolOwner: number, cause: Error | undefined): void {
    if (this.#closing) return;
    this.#thread = undefined;
    const { conf, store, log } = this.#ports;
    const error = threadEnded(cause);
    log.warn({ code: error.code }, error.message);
    const longest = conf["receiver.restart.delay.max"];
    const retryMs = Math.min(longest, conf["receiver.restart.delay.min"] * 2 ** Math.min(this.#threadFailures++, 30));
    const lines = [...this.#streams.values()].map((entry) => entry.line);
    // What it had handed over is in the store first; the rest of its memory is free then.
    void Promise.all(lines).then(() => store.reclaim(poolOwner));
    for (const [stream, entry] of [...this.#streams]) {
      if (entry.stopping) {
        this.#streams.delete(stream);
        this.#ports.send({ type: "receiver", stream, status: { state: "stopped" } });
        continue;
      }
      this.#ports.send({ type: "receiver", stream, status: { state: "retrying", error: toWireError(error), retryMs } });
      this.#thread ??= this.#startThread();
      this.#postStart(entry.start, retryMs);
    }
  }
}

function threadEnded(cause: Error | undefined): EngineError {
  const why =
    cause === undefined
      ? "the job's code ended it with process.exit"
      : "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY"
        ? "it needed more memory than executor.slot.heap gives it"
        : cause.message;
  return receiverThreadEnded(
    `the thread of the receivers ended: ${why}. All receivers of this executor are started again after a pause; what they had not stored is lost. ` +
      `Catch the error in the receiver and call restart().`,
    { ...(cause === undefined ? {} : { cause }) },
  );
}

/** The compiled entry: beside this file when that is compiled, in `dist` when tests run the source. */
function threadEntry(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("../../dist/receiver/thread.js", import.meta.url)
    : new URL("./thread.js", import.meta.url);
}
