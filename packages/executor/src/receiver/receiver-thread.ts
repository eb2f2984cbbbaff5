import { Worker } from "node:worker_threads";
import { type Clock, type EngineError, fromWireError, millis, type Timer, threadHeap } from "@millrace/base";
import { receiverStuck } from "../errors.ts";
import type { FromReceivers, ReceiverInit, ToReceivers } from "./protocol.ts";

const PING_MS = millis(1_000);
/**
 * Unanswered pings in a row before a thread counts as stuck. Counted, not timed: the main thread may be late itself.
 */
const PINGS_UNANSWERED_MAX = 5;
/** The time a finished thread may take to send the output buffered in its sockets. */
const LINGER_MS = millis(2_000);

export interface ReceiverThreadOptions {
  readonly name: string;
  readonly init: ReceiverInit;
  readonly heapBytes: number;
  readonly clock: Clock;
  onMessage(message: FromThread): void;
  /** It does not answer, or answers again. */
  onStuck(stuck: boolean): void;
  /**
   * Called once. `cause`: an uncaught error, or why it was terminated; absent if the job's code ended it, or it is
   * done.
   */
  onEnded(cause: Error | undefined): void;
}

export type FromThread = Exclude<FromReceivers, { readonly type: "dying" | "pong" }>;

/** One receiver thread, watched from the main thread. */
export class ReceiverThread {
  /** The pool's owner number of the thread, by which its memory is reclaimed. */
  readonly poolOwner: number;
  readonly #options: ReceiverThreadOptions;
  readonly #worker: Worker;
  #timer: Timer | undefined;
  /** Pings since the last answer. */
  #unanswered = 0;
  #cause: Error | undefined;

  constructor(options: ReceiverThreadOptions) {
    this.#options = options;
    this.poolOwner = options.init.pool.owner;
    this.#worker = new Worker(threadEntry(), {
      workerData: options.init,
      transferList: [options.init.output.port],
      name: options.name,
      execArgv: [],
      resourceLimits: threadHeap(options.heapBytes),
    });
    this.#worker.on("message", (message: FromReceivers) => this.#onMessage(message));
    this.#worker.on("error", (error: Error) => {
      this.#cause ??= error;
    });
    this.#worker.on("exit", () => {
      this.#timer?.cancel();
      options.onEnded(this.#cause);
    });
    this.#worker.once("online", () => this.#watch());
  }

  get stuck(): boolean {
    return this.#unanswered > PINGS_UNANSWERED_MAX;
  }

  post(message: ToReceivers): void {
    this.#worker.postMessage(message);
  }

  /** All its receivers have stopped: it ends when it has nothing left to do, and soon in any case. */
  retire(): void {
    this.#timer?.cancel();
    this.post({ type: "end" });
    this.#timer = this.#options.clock.after(LINGER_MS, () => void this.#worker.terminate());
  }

  /** Terminates it: records that it has not handed over are lost. */
  async terminate(cause?: EngineError): Promise<void> {
    this.#cause ??= cause;
    await this.#worker.terminate();
  }

  #watch(): void {
    this.#timer = this.#options.clock.after(PING_MS, () => {
      if (this.#unanswered === 0) this.post({ type: "ping" });
      this.#unanswered += 1;
      if (this.#unanswered === PINGS_UNANSWERED_MAX + 1) this.#options.onStuck(true);
      this.#watch();
    });
  }

  #onMessage(message: FromReceivers): void {
    if (message.type === "dying") {
      this.#cause = fromWireError(message.error);
    } else if (message.type === "pong") {
      const { stuck } = this;
      this.#unanswered = 0;
      if (stuck) this.#options.onStuck(false);
    } else {
      this.#options.onMessage(message);
    }
  }
}

export function stuckThread(): EngineError {
  return receiverStuck(
    `its event loop has been blocked for ${PINGS_UNANSWERED_MAX} s: the job's code does not return, or waits for its output to be read, and meanwhile the receiver delivers nothing. ` +
      "It is not terminated before the job ends. Let the code await between pieces of its work, or do that work in an operator.",
  );
}

/** The compiled entry: next to this file if this is compiled, in `dist` when tests run the source. */
function threadEntry(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("../../dist/receiver/thread.js", import.meta.url)
    : new URL("./thread.js", import.meta.url);
}
