import type { S3Client } from "@aws-sdk/client-s3";
import type { FileReader, Location } from "millrace";
import { bodyOf, objectOf, type S3Store, type Sdk } from "./store.ts";

/** Bytes of one request. A task that stops in between gives up what is left of it. */
const WINDOW_BYTES = 8 << 20;

/** What is left of the answer to a request. */
interface Flow {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly stop: () => void;
  /** Of the next byte. */
  position: number;
  /** Behind the last byte that was asked for. */
  readonly end: number;
  rest: Uint8Array;
}

/** Reads one version of an object, with a request for each window of consecutive reads. */
export class S3Reader implements FileReader {
  readonly path: Location;
  readonly bytes: number;
  readonly #version: string;
  readonly #store: S3Store;
  #flow: Flow | undefined;

  constructor(
    store: S3Store,
    path: Location,
    { bytes, version }: { readonly bytes: number; readonly version: string },
  ) {
    this.#store = store;
    this.path = path;
    this.bytes = bytes;
    this.#version = version;
  }

  /** Each request is for this version, and fails with FILE_CHANGED if there is another one by then. */
  async version(): Promise<string> {
    return this.#version;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length && position + filled < this.bytes) {
      const at = position + filled;
      // An attempt that fails gives up its flow, and the next one opens another at the same place.
      const piece = await this.#store.call("read", this.path, (client, sdk) =>
        this.#pull(client, sdk, at, target.length - filled),
      );
      target.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  async close(): Promise<void> {
    this.#flow?.stop();
    this.#flow = undefined;
  }

  /** Some of the bytes from a position on, one at least. */
  async #pull(client: S3Client, sdk: Sdk, position: number, bytesMax: number): Promise<Uint8Array> {
    let flow = this.#flow;
    if (flow?.position !== position || flow.position === flow.end) {
      await this.close();
      flow = await this.#open(client, sdk, position);
    }
    try {
      while (flow.rest.length === 0) flow.rest = await nextChunk(flow);
    } catch (error) {
      flow.stop();
      this.#flow = undefined;
      throw error;
    }
    this.#flow = flow;
    const piece = flow.rest.subarray(0, bytesMax);
    flow.rest = flow.rest.subarray(piece.length);
    flow.position += piece.length;
    return piece;
  }

  async #open(client: S3Client, sdk: Sdk, position: number): Promise<Flow> {
    const end = Math.min(position + WINDOW_BYTES, this.bytes);
    const Range = `bytes=${position}-${end - 1}`;
    const IfMatch = `"${this.#version}"`;
    const answer = await client.send(new sdk.GetObjectCommand({ ...objectOf(this.path), Range, IfMatch }));
    return { ...bodyOf(answer), position, end, rest: new Uint8Array(0) };
  }
}

async function nextChunk({ chunks }: Flow): Promise<Uint8Array> {
  const next = await chunks.next();
  if (next.done === true) throw Object.assign(new Error("the answer ended early"), { name: "IncompleteBody" });
  return next.value;
}
