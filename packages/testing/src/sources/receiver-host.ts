import type { Receiver } from "@millrace/api";
import { attachReceiver } from "@millrace/api/engine";
import { EngineError } from "@millrace/base";
import { decodeValue, emptyClassTable, encodeValue } from "@millrace/codec";

interface Stored<T> {
  readonly records: readonly T[];
  readonly position: unknown;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The engine as a receiver sees it, under the control of a test: what is stored is safe when the test says so. A run that asks for
 * a restart is followed by another one at once, as in a job.
 */
export class ReceiverHost<T> {
  readonly #receiver: Receiver<T>;
  /** Everything that is safe, in order. */
  readonly safe: T[] = [];
  #waiting: Stored<T>[] = [];
  /** After all that is safe. */
  #position: unknown;
  #confirms = true;
  #run = 0;
  #state: "running" | "stopping" | "stopped" = "stopped";
  #ending: Promise<void> = Promise.resolve();
  /** Requests for a restart. */
  restarts = 0;
  /** Why it stopped for good, or an error that it reported. */
  readonly problems: string[] = [];

  /** @param position Of an earlier run, in the engine's encoding. */
  constructor(receiver: Receiver<T>, position: Uint8Array | undefined) {
    this.#receiver = receiver;
    this.#position = position && decodeValue(position, emptyClassTable);
  }

  /** What another run, elsewhere, would be given. */
  get position(): Uint8Array | undefined {
    return this.#position === undefined ? undefined : encodeValue(this.#position, emptyClassTable);
  }

  /** Records that were stored, safe or not. */
  get stored(): readonly T[] {
    return [...this.safe, ...this.#waiting.flatMap(({ records }) => records)];
  }

  async start(): Promise<void> {
    const run = ++this.#run;
    const current = (): boolean => run === this.#run;
    this.#state = "running";
    attachReceiver(this.#receiver, {
      streamId: 0,
      position: this.#position,
      store: (records, _, position) => this.#store(records, position, current()),
      restart: (message, error) => {
        if (current() && this.#state === "running") this.#restart(message, error);
      },
      stop: (message, error) => {
        if (!current()) return;
        this.problems.push(`stopped: ${message}${error === undefined ? "" : `, ${String(error)}`}`);
        void this.stop();
      },
      reportError: (message, error) => void this.problems.push(`${message}, ${String(error)}`),
      get isStopped() {
        return !current();
      },
    });
    await this.#receiver.onStart();
  }

  /** As at the end of a job: it hands over, and what it stores until `onStop` settles is taken. */
  async stop(): Promise<void> {
    if (this.#state === "running") this.#ending = this.#end();
    await this.#ending;
  }

  /** Its process is gone: what is not safe is lost, and what it still does counts for nothing. */
  async lose(): Promise<void> {
    this.#confirms = false;
    this.#run++;
    if (this.#state === "running") this.#ending = this.#end();
    await this.#ending;
  }

  /** From now on, what is stored is safe only after {@link confirm}. */
  hold(): void {
    this.#confirms = false;
  }

  /** All that was stored is safe, and so is what follows. */
  confirm(): void {
    this.#confirms = true;
    for (const stored of this.#waiting.splice(0)) this.#settle(stored);
  }

  async #end(): Promise<void> {
    this.#state = "stopping";
    await this.#receiver.onStop();
    this.#state = "stopped";
    this.#run++;
  }

  #restart(message: string, error: unknown): void {
    this.restarts++;
    this.problems.push(`restarts: ${message}${error === undefined ? "" : `, ${String(error)}`}`);
    this.#ending = this.#end().then(() => this.start());
  }

  #store(records: readonly unknown[], position: unknown, current: boolean): Promise<void> {
    if (!current)
      return Promise.reject(new Error("[RECEIVER_CLOSED] the receiver has stopped: the records are refused."));
    return new Promise((resolve, reject) => {
      const stored = { records: records as readonly T[], position, resolve, reject }; // what it stores are its records
      if (this.#confirms) this.#settle(stored);
      else this.#waiting.push(stored);
    });
  }

  #settle({ records, position, resolve }: Stored<T>): void {
    for (const record of records) this.safe.push(record);
    this.#position = position ?? this.#position;
    resolve();
    if (position === undefined) return;
    void (async () => this.#receiver.onSafe?.(position))().catch((error: unknown) =>
      this.problems.push(`onSafe failed: ${error instanceof EngineError ? error.message : String(error)}`),
    );
  }
}
