import { type Deferred, deferred, type EngineError, unreachable } from "@millrace/base";
import { receiverClosed, receiverOverrun } from "../errors.ts";
import type { RecordCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";

/** Records that wait in `store` calls nobody awaits; as many are taken past a gate that is shut while `onStop` runs. */
const WAITING_RECORDS_MAX = 1_000_000;

export interface StoreLineOptions {
  /** The receiver, for messages. */
  readonly name: string;
  readonly cutter: RecordCutter;
  readonly gate: Gate;
  /** Records are refused because the line is closed: told once, as who does not await `store` does not hear of it. */
  onRefused(error: EngineError): void;
}

interface Waiting {
  readonly records: readonly unknown[];
  readonly oneBlock: boolean;
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
 * | closing | taken at once, whatever the gate says: nobody would come back for it                | as many past a shut gate     |
 * | closed  | rejects with RECEIVER_CLOSED                                                        |                              |
 *
 * What waits when closing begins is taken then, before anything else. A promise of `store` resolves when the block with its
 * records is confirmed and at no other time; it rejects when they are not taken; it stays open when the thread or the executor
 * ends first. So what was acknowledged will be counted, unless every executor that holds it is lost.
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

  /** @throws (rejects) RECEIVER_CLOSED, RECEIVER_OVERRUN, RECORD_NOT_ENCODABLE, RECORD_TOO_LARGE Nothing of it is taken. */
  store(records: readonly unknown[], oneBlock: boolean): Promise<void> {
    switch (this.#state) {
      case "open":
        if (this.#options.gate.open && this.#waiting.length === 0) return this.#write(records, oneBlock);
        return this.#wait(records, oneBlock);
      case "closing":
        return this.#writePastGate(records, oneBlock);
      case "closed":
        return this.#refuse(records.length);
      default:
        return unreachable(this.#state);
    }
  }

  /** Lets everything through that waits; from now on nothing waits. */
  beginClose(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#passAll(() => true);
  }

  /** Takes no more. Resolves when all that was taken is safe. */
  async close(): Promise<void> {
    this.beginClose();
    this.#state = "closed";
    await this.#options.cutter.close();
  }

  #wait(records: readonly unknown[], oneBlock: boolean): Promise<void> {
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
    this.#waiting.push({ records, oneBlock, safe });
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
    for (const { records, oneBlock, safe } of this.#waiting) {
      if (!may()) break;
      passed += 1;
      this.#waitingRecords -= records.length;
      this.#write(records, oneBlock).then(safe.resolve, safe.reject);
    }
    this.#waiting = this.#waiting.slice(passed);
  }

  #writePastGate(records: readonly unknown[], oneBlock: boolean): Promise<void> {
    if (!this.#options.gate.open) {
      this.#pastGate += records.length;
      if (this.#pastGate > WAITING_RECORDS_MAX) {
        this.#pastGate -= records.length;
        return Promise.reject(
          receiverOverrun(
            `${this.#options.name} stores while it stops, and the engine is behind: ${this.#pastGate} records were accepted nevertheless, these ${records.length} are refused. ` +
              "Let onStop end the source before it does anything else.",
          ),
        );
      }
    }
    return this.#write(records, oneBlock);
  }

  /** Never throws: what the encoder refuses is a rejection. */
  async #write(records: readonly unknown[], oneBlock: boolean): Promise<void> {
    const { cutter } = this.#options;
    if (oneBlock) return cutter.writeBlock(records);
    let last: Promise<void> | undefined;
    for (const record of records) last = cutter.write(record);
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
