import { Worker } from "node:worker_threads";
import { Backoff, type Deferred, deferred, fromWireError, systemRng, threadHeap, unreachable } from "@millrace/base";
import type { CheckpointProbe, LoggedAt } from "@millrace/plan";
import type { ProbedProcess } from "@millrace/storage";
import type { FromLog, LogInit, ToLog } from "./protocol.ts";
import type { BlockForLog, LoggedLocation, OpenReceivedLog, ReceivedLog } from "./received-log.ts";

/** Ample: it holds the blocks of one group, or one that is read. */
const HEAP_BYTES = 256 << 20;

type Answer = LoggedAt | Uint8Array | undefined;

interface Asked {
  readonly message: ToLog;
  readonly answer: Deferred<Answer>;
}

/**
 * The received log in a thread of its own: a disk that is slow or full blocks neither the session with the driver nor the
 * receivers' threads. Started when it is first needed. If it dies, another one takes over what it has not answered.
 */
export class LogThread implements ReceivedLog {
  readonly #options: OpenReceivedLog;
  readonly #asked = new Map<number, Asked>();
  readonly #backoff: Backoff;
  #worker: Worker | undefined;
  #next = 0;
  /** Threads so far: each writes segments under a name of its own. */
  #threads = 0;
  #closed = false;
  /** A thread has died, and none has written since. */
  #broken = false;

  constructor(options: OpenReceivedLog) {
    this.#options = options;
    this.#backoff = new Backoff(options.retryDelay, systemRng());
  }

  append(block: BlockForLog): Promise<LoggedAt> {
    // Answered by `appended`, with the place.
    return this.#ask((id) => ({ type: "append", id, block })) as Promise<LoggedAt>;
  }

  read(block: LoggedLocation): Promise<Uint8Array> {
    // Answered by `content`, with the bytes.
    return this.#ask((id) => ({ type: "read", id, block })) as Promise<Uint8Array>;
  }

  async answerProbe(probe: CheckpointProbe, who: ProbedProcess): Promise<void> {
    await this.#ask((id) => ({ type: "probe", id, probe, who }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #ask(make: (id: number) => ToLog): Promise<Answer> {
    const id = this.#next++;
    const message = make(id);
    const answer = deferred<Answer>();
    this.#asked.set(id, { message, answer });
    if (this.#threads === 0) this.#start();
    else this.#worker?.postMessage(message);
    return answer.promise;
  }

  #start(): void {
    const { pool, directory, epoch, writer, sync, retryDelay, executorModule } = this.#options;
    const init: LogInit = {
      ...{ pool: pool.handle, directory, epoch, sync, retryDelay, executorModule },
      writer: this.#threads === 0 ? writer : `${writer}.${this.#threads}`,
    };
    this.#threads += 1;
    const worker = new Worker(threadEntry(), {
      workerData: init,
      name: "received log",
      execArgv: [],
      resourceLimits: threadHeap(HEAP_BYTES),
    });
    worker.unref();
    this.#worker = worker;
    worker.on("message", (message: FromLog) => this.#onMessage(message));
    worker.on("error", (error: Error) => {
      this.#broken = true;
      this.#options.onFailing(error);
    });
    worker.on("exit", () => this.#onExit());
    for (const { message } of this.#asked.values()) worker.postMessage(message);
  }

  #onExit(): void {
    this.#worker = undefined;
    if (this.#closed) return;
    this.#options.clock.after(this.#backoff.next(), () => {
      if (!this.#closed) this.#start();
    });
  }

  #onWritten(): void {
    this.#backoff.reset();
    if (!this.#broken) return;
    this.#broken = false;
    this.#options.onFailing(undefined);
  }

  #onMessage(message: FromLog): void {
    if (message.type === "failing") {
      return this.#options.onFailing(message.error && fromWireError(message.error));
    }
    const asked = this.#asked.get(message.id);
    if (asked === undefined) return;
    this.#asked.delete(message.id);
    switch (message.type) {
      case "appended":
        this.#onWritten();
        return asked.answer.resolve(message.at);
      case "content":
        return asked.answer.resolve(message.bytes);
      case "reached":
        return asked.answer.resolve(undefined);
      case "refused":
        return asked.answer.reject(fromWireError(message.error));
      default:
        return unreachable(message);
    }
  }
}

/** The compiled entry: next to this file if this is compiled, in `dist` when tests run the source. */
function threadEntry(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("../../dist/received-log/thread.js", import.meta.url)
    : new URL("./thread.js", import.meta.url);
}
