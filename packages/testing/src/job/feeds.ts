import type { FileInput } from "@millrace/api/engine";
import { type ClassTable, encodeBlock, LineBlockWriter, shown } from "@millrace/codec";
import { type Location, schemeOf } from "@millrace/files";
import {
  type BlockId,
  type BlockLocation,
  blockId,
  type ReceivedBlockLocation,
  type ReceiverPlan,
} from "@millrace/plan";
import { testFeedRefused, testSourceUnknown } from "./errors.ts";

export interface FeedsPorts {
  readonly classes: ClassTable;
  /** The location of a path as an author writes it. */
  resolve(path: string): Location;
  /** Creates a file in a directory. */
  putFile(directory: Location, content: Uint8Array): void;
  put(id: BlockId, frames: readonly Uint8Array[]): BlockLocation;
}

/** By receiver: the input of a batch. */
export interface Taken {
  readonly received: ReadonlyMap<number, readonly ReceivedBlockLocation[]>;
  readonly records: ReadonlyMap<number, number>;
}

/**
 * Replaces the job's sources: the blocks that the next batch takes, as a receiver would have stored them, and the files
 * that it finds.
 */
export class Feeds {
  readonly #receivers: readonly ReceiverPlan[];
  readonly #files: readonly FileInput[];
  readonly #ports: FeedsPorts;
  #waiting = new Map<number, ReceivedBlockLocation[]>();
  #records = new Map<number, number>();
  #next = 0;

  constructor(receivers: readonly ReceiverPlan[], files: readonly FileInput[], ports: FeedsPorts) {
    this.#receivers = receivers;
    this.#files = files;
    this.#ports = ports;
  }

  /** The names that `feed` accepts, in the order in which the job declares them. */
  get names(): readonly string[] {
    return [
      ...this.#receivers.map((receiver) => addressOf(receiver) ?? receiver.name),
      ...this.#files.map(({ name }) => name),
    ];
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** @throws TEST_SOURCE_UNKNOWN, TEST_FEED_REFUSED, RECORD_NOT_ENCODABLE */
  feed(source: string | number, records: Iterable<unknown>): void {
    const found = this.#find(source);
    if (typeof records !== "object" || typeof records?.[Symbol.iterator] !== "function") {
      // A string is iterable as well, by its characters.
      throw testFeedRefused(
        `feed takes an iterable of records, not ${shown(records)}. Nothing was fed. Put a single record into an array.`,
      );
    }
    const list = [...records];
    if (list.length === 0) return;
    if ("directory" in found) this.#feedFile(found, list);
    else this.#feedReceiver(found, list);
  }

  #feedFile({ name, directory }: FileInput, parts: readonly unknown[]): void {
    if (/[*?[{]/.test(directory)) {
      throw testFeedRefused(
        `${JSON.stringify(name)} reads every directory that matches its wildcards, and a file has to be in one of them. Nothing was fed. Write files to such a directory.`,
      );
    }
    this.#ports.putFile(directory, contentOf(name, parts));
  }

  #feedReceiver(receiver: ReceiverPlan, list: readonly unknown[]): void {
    const frames = receiver.receiver.kind === "socketText" ? this.#lines(receiver, list) : this.#block(list);
    const at = this.#ports.put(blockId(`recv/${receiver.stream}/${this.#next++}`), frames);
    const block = { ...at, records: list.length };
    const blocks = this.#waiting.get(receiver.stream);
    if (blocks === undefined) this.#waiting.set(receiver.stream, [block]);
    else blocks.push(block);
    this.#records.set(receiver.stream, (this.#records.get(receiver.stream) ?? 0) + list.length);
  }

  /** The input of the next batch: each feed is a block, and so a partition, of its own. */
  take(): Taken {
    const taken = { received: this.#waiting, records: this.#records };
    this.#waiting = new Map();
    this.#records = new Map();
    return taken;
  }

  #find(source: string | number): ReceiverPlan | FileInput {
    const receivers = this.#receivers.filter(
      (receiver) => receiver.stream === source || receiver.name === source || addressOf(receiver) === source,
    );
    const files = this.#files.filter(
      ({ name, directory }) => typeof source === "string" && (name === source || this.#leadsTo(source, directory)),
    );
    const found = [...receivers, ...files];
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    const known =
      this.names.length === 0
        ? "The job has no source that can be fed: queueStream has its own batches"
        : this.#described;
    const what =
      found.length === 0
        ? `there is no source ${JSON.stringify(source)}`
        : `${found.length} sources are called ${JSON.stringify(source)}`;
    throw testSourceUnknown(
      `${what}. Nothing was fed. ${known}; name one by its number, address or directory, or by the name given with named().`,
    );
  }

  /** An address such as `localhost:9998` looks like a path of an unknown file system, and matches nothing. */
  #leadsTo(source: string, directory: Location): boolean {
    return schemeOf(source) === "file" && this.#ports.resolve(source) === directory;
  }

  /** Files cannot be named by number. */
  get #described(): string {
    const numbered = this.#receivers.map((each) => `${each.stream} is ${describe(each)}`);
    const files = this.#files.map(({ name, directory }) => `${JSON.stringify(name)} (${directory})`);
    const lists = [
      ...(numbered.length === 0 ? [] : [`The job's sources, by number: ${numbered.join(", ")}`]),
      ...(files.length === 0
        ? []
        : [`${numbered.length === 0 ? "The job's" : "its"} directories: ${files.join(", ")}`]),
    ];
    return lists.join("; ");
  }

  #lines(receiver: ReceiverPlan, lines: readonly unknown[]): readonly Uint8Array[] {
    const writer = new LineBlockWriter({ source: describe(receiver), lineBytesMax: Number.POSITIVE_INFINITY });
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

/** Lines, or pieces of bytes. */
function contentOf(name: string, parts: readonly unknown[]): Uint8Array {
  if (parts.every((part) => typeof part === "string")) return Buffer.from(parts.map((line) => `${line}\n`).join(""));
  if (parts.every((part) => part instanceof Uint8Array)) return Buffer.concat(parts);
  throw testFeedRefused(
    `${JSON.stringify(name)} is a stream of files, and was fed something other than lines or bytes. Nothing was fed. Feed it strings, or Uint8Arrays.`,
  );
}
