import type { IncomingMessage } from "node:http";
import type { FileReader, Location } from "millrace";
import type { WebHdfs } from "./web-hdfs.ts";

/** Bytes of one request. A task that stops in between gives up what is left of it. */
const WINDOW_BYTES = 8 << 20;

/** What is left of the answer of a data node. */
interface Flow {
  readonly answer: IncomingMessage;
  readonly chunks: AsyncIterator<Uint8Array>;
  /** Of the next byte. */
  position: number;
  /** Behind the last byte that was asked for. */
  readonly end: number;
  rest: Uint8Array;
}

/** Reads a file from data nodes, with a request for each window of consecutive reads. */
export class HdfsReader implements FileReader {
  readonly path: Location;
  readonly bytes: number;
  readonly #hdfs: WebHdfs;
  readonly #versionNow: () => Promise<string>;
  #flow: Flow | undefined;

  /** @param bytes Its length. */
  constructor(hdfs: WebHdfs, path: Location, bytes: number, versionNow: () => Promise<string>) {
    this.#hdfs = hdfs;
    this.path = path;
    this.bytes = bytes;
    this.#versionNow = versionNow;
  }

  version(): Promise<string> {
    return this.#versionNow();
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length && position + filled < this.bytes) {
      const at = position + filled;
      // An attempt that fails gives up its flow, and the next one opens another at the same place.
      const piece = await this.#hdfs.patiently("read", this.path, () => this.#pull(at, target.length - filled));
      target.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  async close(): Promise<void> {
    this.#flow?.answer.destroy();
    this.#flow = undefined;
  }

  /** Some of the bytes from a position on, one at least. */
  async #pull(position: number, bytesMax: number): Promise<Uint8Array> {
    let flow = this.#flow;
    if (flow?.position !== position || flow.position === flow.end) {
      await this.close();
      flow = await this.#open(position);
    }
    try {
      while (flow.rest.length === 0) flow.rest = await nextChunk(flow);
    } catch (error) {
      flow.answer.destroy();
      this.#flow = undefined;
      throw error;
    }
    this.#flow = flow;
    const piece = flow.rest.subarray(0, bytesMax);
    flow.rest = flow.rest.subarray(piece.length);
    flow.position += piece.length;
    return piece;
  }

  async #open(position: number): Promise<Flow> {
    const end = Math.min(position + WINDOW_BYTES, this.bytes);
    const parameters = { offset: position, length: end - position };
    const answer = await this.#hdfs.download({ method: "GET", op: "OPEN", path: this.path, parameters });
    return { answer, chunks: answer[Symbol.asyncIterator](), position, end, rest: new Uint8Array(0) };
  }
}

async function nextChunk({ chunks }: Flow): Promise<Uint8Array> {
  const next = await chunks.next();
  if (next.done === true) throw Object.assign(new Error("the answer ended early"), { code: "EPIPE" });
  return next.value;
}
