import { connect, type Socket } from "node:net";
import { EngineError, formatSize } from "@millrace/base";
import { receiverFailed } from "../errors.ts";
import type { FrameCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import { down, type SocketAddress } from "./socket-source.ts";
import type { Source, SourceEvents } from "./source.ts";

const LENGTH_BYTES = 4;
const BLOCK_BYTES_MAX = 256 << 20;

/**
 * Blocks that are encoded already, from a TCP server: the length of each, 4 bytes with the highest first, then the block.
 * Nothing is decoded here.
 */
export class RawSocketSource implements Source {
  readonly #where: SocketAddress;
  readonly #cutter: FrameCutter;
  readonly #gate: Gate;
  readonly #events: SourceEvents;
  #socket: Socket | undefined;
  #over = false;
  /** What has come of the block that is being read, and of its length before that. */
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Bytes of the block; `undefined` while its length is read. */
  #length: number | undefined;

  constructor(where: SocketAddress, cutter: FrameCutter, gate: Gate, events: SourceEvents) {
    this.#where = where;
    this.#cutter = cutter;
    this.#gate = gate;
    this.#events = events;
  }

  start(): void {
    const socket = connect(this.#where.port, this.#where.host);
    this.#socket = socket;
    socket.setKeepAlive(true, 10_000);
    socket.on("connect", () => this.#events.running());
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error) => this.#end(down(this.#where, error.message)));
    socket.on("close", () => this.#end(down(this.#where, this.#closed())));
    this.#gate.onChange((open) => (open ? socket.resume() : socket.pause()));
  }

  async stop(): Promise<void> {
    this.#finish();
    await this.#cutter.close();
  }

  #onData(chunk: Buffer): void {
    if (this.#over) return;
    try {
      for (let at = 0; at < chunk.length; ) at += this.#take(chunk.subarray(at));
    } catch (error) {
      this.#end(error instanceof EngineError ? error : down(this.#where, String(error)));
      return;
    }
    if (!this.#gate.open) this.#socket?.pause();
  }

  /** Takes what is still missing of the length or the block. Returns how much that was. */
  #take(chunk: Uint8Array): number {
    const wanted = this.#length ?? LENGTH_BYTES;
    const part = chunk.subarray(0, wanted - this.#bytes);
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes < wanted) return part.length;
    const whole = this.#parts.length === 1 ? part : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (this.#length === undefined) this.#length = this.#checked(lengthIn(whole)) || undefined;
    else this.#store(whole);
    return part.length;
  }

  #store(block: Uint8Array): void {
    this.#length = undefined;
    this.#events.received();
    this.#cutter.writeBlock(block);
  }

  #checked(length: number): number {
    if (length <= BLOCK_BYTES_MAX) return length;
    const { host, port } = this.#where;
    throw receiverFailed(
      `the source ${host}:${port} announces a block of ${formatSize(length)}, more than ${formatSize(BLOCK_BYTES_MAX)}. The connection is made again after a pause. ` +
        "Does it send what rawBlock made, and nothing else?",
    );
  }

  #closed(): string {
    return this.#bytes === 0 && this.#length === undefined
      ? "it closed the connection"
      : "it closed the connection within a block, which is lost";
  }

  #end(error: EngineError): void {
    if (this.#over) return;
    this.#finish();
    this.#events.ended({ kind: "retry", error });
  }

  #finish(): void {
    this.#over = true;
    this.#gate.onChange(undefined);
    this.#socket?.destroy();
    this.#parts = [];
  }
}

function lengthIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getUint32(0);
}
