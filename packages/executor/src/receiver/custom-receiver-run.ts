import type { Receiver } from "@millrace/api";
import { attachReceiver, type ReceiverPort } from "@millrace/api/engine";
import {
  afterStep,
  beforeStep,
  type Clock,
  type DurationLike,
  describeThrown,
  EngineError,
  formatDuration,
  type Millis,
  parseDuration,
  type StreamId,
} from "@millrace/base";
import { receiverFailed } from "../errors.ts";
import type { RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { ReceiverRun, RunEnd, RunEvents } from "./receiver-run.ts";
import { StoreLine } from "./store-line.ts";

export interface CustomReceiverRunOptions {
  readonly stream: StreamId;
  readonly receiver: Receiver<unknown>;
  readonly cutter: RecordCutter;
  readonly gate: Gate;
  readonly events: RunEvents;
  readonly clock: Clock;
  /** `receiver.stop.timeout`: how long to wait for `onStop`. */
  readonly stopTimeout: Millis;
  /** Of an earlier run, after all that is safe. */
  readonly position: unknown;
}

/**
 * A run of a receiver of the job's own class.
 *
 *     open ─restart(), stop(), onStart fails─▶ closing ─onStop has settled, all is safe─▶ closed, `ended` is called
 *       └────────── stop, by the engine ─────────▲ └────────────────────────────────────▶ closed, `stop` resolves
 *
 * The first end counts; a stop during an end waits for the same `onStop`. See {@link StoreLine} for `store` in each
 * state.
 */
export class CustomReceiverRun implements ReceiverRun {
  readonly #options: CustomReceiverRunOptions;
  readonly #name: string;
  readonly #line: StoreLine;
  #closing: Promise<void> | undefined;

  constructor(options: CustomReceiverRunOptions) {
    this.#options = options;
    this.#name = options.receiver.constructor.name;
    this.#line = new StoreLine({
      name: `the receiver ${this.#name}`,
      cutter: options.cutter,
      gate: options.gate,
      onRefused: (error) => options.events.trouble(error),
    });
  }

  start(): void {
    const { receiver, events } = this.#options;
    attachReceiver(receiver, this.#host());
    void attempt(() => receiver.onStart()).then(
      () => {
        if (this.#line.isOpen) events.running();
      },
      (error: unknown) => this.#end({ kind: "retry", error: this.#failed("onStart failed", error) }),
    );
  }

  stop(): Promise<void> {
    return this.#close();
  }

  #host(): ReceiverPort {
    const line = this.#line;
    const { stream, events, position } = this.#options;
    return {
      streamId: stream,
      get isStopped() {
        return !line.isOpen;
      },
      position,
      store: (records, oneBlock, after) => {
        if (line.isOpen) events.received();
        return line.store(records, oneBlock, after);
      },
      restart: (message, error, delay) => this.#restart(message, error, delay),
      stop: (message, error) => this.#stopItself(message, error),
      reportError: (message, error) => events.trouble(this.#failed(message, error)),
    };
  }

  #restart(message: string, error: unknown, delay: DurationLike | undefined): void {
    const delayMs = delay === undefined || delay === 0 ? {} : { delayMs: parseDuration(delay, "restart delay") };
    this.#end({ kind: "retry", error: this.#failed(message, error), ...delayMs });
  }

  /** For good. */
  #stopItself(message: string, error: unknown): void {
    this.#end(error === undefined ? { kind: "stopped" } : { kind: "stopped", error: this.#failed(message, error) });
  }

  #end(end: RunEnd): void {
    if (this.#closing !== undefined) return;
    void this.#close().then(() => this.#options.events.ended(end));
  }

  #close(): Promise<void> {
    this.#closing ??= this.#closed();
    return this.#closing;
  }

  async #closed(): Promise<void> {
    this.#line.beginClose();
    await this.#callOnStop();
    await this.#line.close();
  }

  /** Waits for `onStop` up to its timeout. Never rejects. */
  async #callOnStop(): Promise<void> {
    const { receiver, events, clock, stopTimeout } = this.#options;
    const settled = attempt(() => receiver.onStop()).catch((error: unknown) =>
      events.trouble(this.#failed("onStop failed", error)),
    );
    const late = new Promise<void>((resolve) => {
      const timer = clock.after(stopTimeout, () => {
        events.trouble(this.#slowToStop());
        resolve();
      });
      void settled.then(() => timer.cancel());
    });
    await Promise.race([settled, late]);
  }

  #slowToStop(): EngineError {
    return receiverFailed(
      `onStop of ${this.#name} has not settled within receiver.stop.timeout = ${formatDuration(this.#options.stopTimeout)}. It is no longer awaited, ` +
        "and records it stores from now on are refused. Limit the time it waits, or raise receiver.stop.timeout.",
    );
  }

  #failed(message: string, error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    const detail = error === undefined ? "" : `: ${describeThrown(error)}`;
    return receiverFailed(`${this.#name}: ${message}${detail}.`, error === undefined ? {} : { cause: error });
  }
}

/** Lets a receiver acknowledge what is safe. */
export function tellSafe(receiver: Receiver<unknown>, position: unknown, events: RunEvents): void {
  beforeStep("acknowledge");
  void attempt(() => receiver.onSafe?.(position)).then(
    () => afterStep("acknowledge"),
    (error: unknown) =>
      events.trouble(
        receiverFailed(`${receiver.constructor.name}: onSafe failed: ${describeThrown(error)}.`, { cause: error }),
      ),
  );
}

/** So that synchronous errors become rejections too. */
async function attempt(work: () => void | Promise<void>): Promise<void> {
  await work();
}
