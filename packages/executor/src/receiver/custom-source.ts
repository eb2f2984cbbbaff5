import type { Receiver } from "@millrace/api";
import { attachReceiver, type ReceiverHost } from "@millrace/api/host";
import { type DurationLike, EngineError, parseDuration } from "@millrace/base";
import { receiverFailed, receiverOverrun } from "../errors.ts";
import type { RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { Source, SourceEnd, SourceEvents } from "./source.ts";

/** Records that wait in `store` calls nobody awaits. */
const WAITING_RECORDS_MAX = 1_000_000;

/** A receiver of the job's own class. */
export class CustomSource implements Source {
  readonly #stream: number;
  readonly #receiver: Receiver<unknown>;
  readonly #cutter: RecordCutter;
  readonly #gate: Gate;
  readonly #events: SourceEvents;
  #over = false;
  #waitingRecords = 0;
  /** While the gate is shut, stores wait in line. */
  #line: Promise<void> = Promise.resolve();

  constructor(
    stream: number,
    receiver: Receiver<unknown>,
    sinks: { readonly cutter: RecordCutter; readonly gate: Gate; readonly events: SourceEvents },
  ) {
    this.#stream = stream;
    this.#receiver = receiver;
    this.#cutter = sinks.cutter;
    this.#gate = sinks.gate;
    this.#events = sinks.events;
  }

  start(): void {
    attachReceiver(this.#receiver, this.#host());
    void attempt(() => this.#receiver.onStart()).then(
      () => {
        if (!this.#over) this.#events.running();
      },
      (error: unknown) => this.#end({ kind: "retry", error: this.#failed("onStart failed", error) }),
    );
  }

  async stop(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      await this.#callOnStop();
    }
    await this.#cutter.close();
  }

  #host(): ReceiverHost {
    const over = (): boolean => this.#over;
    return {
      streamId: this.#stream,
      get isStopped() {
        return over();
      },
      store: (records, oneBlock) => this.#store(records, oneBlock),
      restart: (message, error, delay) => this.#restart(message, error, delay),
      stop: (message, error) => this.#stopItself(message, error),
      reportError: (message, error) => this.#events.trouble(this.#failed(message, error)),
    };
  }

  async #store(records: readonly unknown[], oneBlock: boolean): Promise<void> {
    if (this.#over) return;
    this.#events.received();
    if (this.#gate.open && this.#waitingRecords === 0) return this.#write(records, oneBlock);
    if (this.#waitingRecords + records.length > WAITING_RECORDS_MAX) {
      throw receiverOverrun(
        `a receiver has ${this.#waitingRecords} records waiting in store() while the engine is behind. These are not taken. Await store(): it resolves when there is room.`,
      );
    }
    this.#waitingRecords += records.length;
    const turn = this.#line.then(() => this.#gate.pass());
    this.#line = turn;
    await turn;
    this.#waitingRecords -= records.length;
    return this.#write(records, oneBlock);
  }

  #restart(message: string, error: unknown, delay: DurationLike | undefined): void {
    const delayMs = delay === undefined || delay === 0 ? {} : { delayMs: parseDuration(delay, "restart delay") };
    this.#end({ kind: "retry", error: this.#failed(message, error), ...delayMs });
  }

  /** For good. */
  #stopItself(message: string, error: unknown): void {
    this.#end(error === undefined ? { kind: "stopped" } : { kind: "stopped", error: this.#failed(message, error) });
  }

  async #write(records: readonly unknown[], oneBlock: boolean): Promise<void> {
    if (oneBlock) return this.#cutter.writeBlock(records);
    let last: Promise<void> | undefined;
    for (const record of records) last = this.#cutter.write(record);
    await last;
  }

  #end(end: SourceEnd): void {
    if (this.#over) return;
    this.#over = true;
    void this.#callOnStop().then(() => {
      this.#cutter.cut();
      this.#events.ended(end);
    });
  }

  async #callOnStop(): Promise<void> {
    try {
      await this.#receiver.onStop();
    } catch (error) {
      this.#events.trouble(this.#failed("onStop failed", error));
    }
  }

  #failed(message: string, error: unknown): EngineError {
    if (error instanceof EngineError) return error;
    const detail =
      error === undefined ? "" : `: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
    return receiverFailed(
      `the receiver ${this.#receiver.constructor.name} of stream ${this.#stream}: ${message}${detail}.`,
      {
        ...(error === undefined ? {} : { cause: error }),
      },
    );
  }
}

/** So that what throws at once is a rejection too. */
async function attempt(work: () => void | Promise<void>): Promise<void> {
  await work();
}
