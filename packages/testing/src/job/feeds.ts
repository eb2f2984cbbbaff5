import type { BatchInput } from "@millrace/api/host";
import { type ClassTable, encodeBlock, LineBlockWriter } from "@millrace/codec";
import { type BlockId, type BlockLocation, blockId, type ReceiverPlan } from "@millrace/plan";
import { testFeedRefused, testSourceUnknown } from "./errors.ts";

export interface FeedsPorts {
  readonly classes: ClassTable;
  put(id: BlockId, frames: readonly Uint8Array[]): BlockLocation;
}

/** What stands in for the job's receivers: the blocks that the next batch takes, as a receiver would have stored them. */
export class Feeds {
  readonly #receivers: readonly ReceiverPlan[];
  readonly #ports: FeedsPorts;
  #waiting = new Map<number, BlockLocation[]>();
  #records = new Map<number, number>();
  #next = 0;

  constructor(receivers: readonly ReceiverPlan[], ports: FeedsPorts) {
    this.#receivers = receivers;
    this.#ports = ports;
  }

  /** What `feed` may name, in the order of the job's text. */
  get names(): readonly string[] {
    return this.#receivers.map((receiver) => addressOf(receiver) ?? receiver.name);
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** @throws TEST_SOURCE_UNKNOWN, TEST_FEED_REFUSED, RECORD_NOT_ENCODABLE */
  feed(source: string | number, records: Iterable<unknown>): void {
    const receiver = this.#find(source);
    const list = [...records];
    if (list.length === 0) return;
    const frames = receiver.receiver.kind === "socketText" ? this.#lines(receiver, list) : this.#block(list);
    const block = this.#ports.put(blockId(`recv/${receiver.stream}/${this.#next++}`), frames);
    const blocks = this.#waiting.get(receiver.stream);
    if (blocks === undefined) this.#waiting.set(receiver.stream, [block]);
    else blocks.push(block);
    this.#records.set(receiver.stream, (this.#records.get(receiver.stream) ?? 0) + list.length);
  }

  /** The input of the batch that begins: each feed is a block, and so a partition, of its own. */
  take(): { readonly received: BatchInput["received"]; readonly records: ReadonlyMap<number, number> } {
    const taken = { received: this.#waiting, records: this.#records };
    this.#waiting = new Map();
    this.#records = new Map();
    return taken;
  }

  #find(source: string | number): ReceiverPlan {
    const found = this.#receivers.filter(
      (receiver) => receiver.stream === source || receiver.name === source || addressOf(receiver) === source,
    );
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const known =
      this.#receivers.length === 0
        ? "The job has no source that can be fed: queueStream brings its own batches"
        : `The job's sources are ${this.#receivers.map((each) => `${each.stream}: ${describe(each)}`).join(", ")}`;
    const what =
      found.length === 0
        ? `there is no source ${JSON.stringify(source)}`
        : `${found.length} sources are called ${JSON.stringify(source)}`;
    throw testSourceUnknown(
      `${what}. Nothing was fed. ${known}; name one by its address, its number, or what named() calls it.`,
    );
  }

  #lines(receiver: ReceiverPlan, lines: readonly unknown[]): readonly Uint8Array[] {
    const writer = new LineBlockWriter();
    for (const line of lines) {
      if (typeof line !== "string") {
        throw testFeedRefused(
          `${describe(receiver)} is a stream of lines, and was fed ${line === null ? "null" : `a ${typeof line}`}. Nothing was fed. Feed it strings.`,
        );
      }
      writer.push(Buffer.from(`${line}\n`));
    }
    return writer.takeFrames();
  }

  #block(records: readonly unknown[]): readonly Uint8Array[] {
    return [encodeBlock(records, this.#ports.classes)];
  }
}

function addressOf({ receiver }: ReceiverPlan): string | undefined {
  return "host" in receiver ? `${receiver.host}:${receiver.port}` : undefined;
}

function describe(receiver: ReceiverPlan): string {
  return JSON.stringify(addressOf(receiver) ?? receiver.name);
}
