import { type Deferred, deferred, type EngineError, unreachable } from "@millrace/base";
import { receiverClosed, receiverOverrun } from "../errors.ts";
import type { RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";

/**
 * Limit of records waiting in un-awaited `store` calls, and of records accepted past a closed gate while `onStop` runs.
 */
const WAITING_RECORDS_MAX = 1_000_000;

export interface StoreLineOptions {
  /** The receiver, for messages. */
  readonly name: string;
  readonly cutter: RecordCutter;
  readonly gate: Gate;
  /** Records are refused because the line is closed: reported once, for callers that do not await `store`. */
  onRefused(error: EngineError): void;
}

interface Waiting {
  readonly records: readonly unknown[];
  readonly oneBlock: boolean;
  readonly position: unknown;
  readonly safe: Deferred<void>;
}

/**
 * The way of records from `store()` to blocks, in one run of a receiver.
 *
 *     open ─beginClose, before onStop is called─▶ closing ─close, when onStop has settled or its time is over─▶ closed
 *
 * | state   | `store`                                                                             | bound                        |
 * |---------|-------------------------------------------------------------------------------------|------------------------------|
 * | open    | taken at once; waits in line while the gate is shut or others wait                  | `WAITING_RECORDS_MAX` waiting |
 * | closing | taken at once, whatever the gate's state: there is no later chance                | as many past a shut gate     |
 * | closed  | rejects with RECEIVER_CLOSED                                                        |                              |
 *
 * Waiting records are taken when closing begins, before anything else. A promise of `store` resolves only when the
 * block with its records is confirmed; it rejects if they are refused; it stays pending if the thread or the executor
 * ends first. So acknowledged records will be counted, unless every executor that holds them is lost.
 */
export class StoreLine {
  readonly #options: StoreLineOptions;
  #state: "open" | "closing" | "closed" = "open";
  #waiting: Waiting[] = [];
  #waitingRecords = 0;
  #pumping = false;
  #pastGate = 0;
  #refused = false;

  constructor(options: StoreLineOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * @param position Of the receiver after these records; `undefined`: it gives none.
   * @throws (rejects) RECEIVER_CLOSED, RECEIVER_OVERRUN, RECORD_NOT_ENCODABLE, RECORD_TOO_LARGE None of the records is
   *   taken.
   */
  store(records: readonly unknown[], oneBlock: boolean, position?: unknown): Promise<void> {
    switch (this.#state) {
      case "open":
        if (this.#options.gate.open && this.#waiting.length === 0) return this.#write(records, oneBlock, position);
        return this.#wait(records, oneBlock, position);
      case "closing":
        return this.#writePastGate(records, oneBlock, position);
      case "closed":
        return this.#refuse(records.length);
      default:
        return unreachable(this.#state);
    }
  }

  /** Lets all waiting records through; from now on nothing waits. */
  beginClose(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#passAll(() => true);
  }

  /** Takes no more records. Resolves when all taken ones are safe. */
  async close(): Promise<void> {
    this.beginClose();
    this.#state = "closed";
    await this.#options.cutter.close();
  }

  #wait(records: readonly unknown[], oneBlock: boolean, position: unknown): Promise<void> {
    if (this.#waitingRecords + records.length > WAITING_RECORDS_MAX) {
      return Promise.reject(
        receiverOverrun(
          `${this.#options.name} has ${this.#waitingRecords} records waiting in store() while the engine is behind. These ${records.length} are refused. ` +
            "Await store(): it resolves when there is room.",
        ),
      );
    }
    this.#waitingRecords += records.length;
    const safe = deferred<void>();
    this.#waiting.push({ records, oneBlock, position, safe });
    if (!this.#pumping) void this.#pump();
    return safe.promise;
  }

  async #pump(): Promise<void> {
    const { gate } = this.#options;
    this.#pumping = true;
    while (this.#waiting.length > 0) {
      await gate.pass();
      this.#passAll(() => gate.open);
    }
    this.#pumping = false;
  }

  #passAll(may: () => boolean): void {
    let passed = 0;
    for (const { records, oneBlock, position, safe } of this.#waiting) {
      if (!may()) break;
      passed += 1;
      this.#waitingRecords -= records.length;
      this.#write(records, oneBlock, position).then(safe.resolve, safe.reject);
    }
    this.#waiting = this.#waiting.slice(passed);
  }

  #writePastGate(records: readonly unknown[], oneBlock: boolean, position: unknown): Promise<void> {
    if (!this.#options.gate.open) {
      this.#pastGate += records.length;
      if (this.#pastGate > WAITING_RECORDS_MAX) {
        this.#pastGate -= records.length;
        return Promise.reject(
          receiverOverrun(
            `${this.#options.name} stores records while it stops and the engine is behind: ${this.#pastGate} were accepted beyond the limit, these ${records.length} are refused. ` +
              "Make onStop end the source first.",
          ),
        );
      }
    }
    return this.#write(records, oneBlock, position);
  }

  /** Never throws: errors of the encoder are rejections. */
  async #write(records: readonly unknown[], oneBlock: boolean, position: unknown): Promise<void> {
    const { cutter } = this.#options;
    if (oneBlock) return cutter.writeBlock(records, position);
    let last: Promise<void> | undefined;
    for (const record of records) last = cutter.write(record, position);
    await last;
  }

  #refuse(records: number): Promise<void> {
    const error = receiverClosed(
      `${this.#options.name} has stopped and onStop has settled, so ${records === 1 ? "a record given to store() is" : `${records} records given to store() are`} refused. ` +
        "Do not acknowledge them. Store what is left before onStop settles, and end the source there.",
    );
    if (!this.#refused) {
      this.#refused = true;
      this.#options.onRefused(error);
    }
    return Promise.reject(error);
  }
}
