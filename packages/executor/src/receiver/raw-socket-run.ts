import { formatSize } from "@millrace/base";
import { receiverFailed } from "../errors.ts";
import type { FrameBlockCutter } from "./block-cutter.ts";
import type { Gate } from "./gate.ts";
import type { RunEvents } from "./receiver-run.ts";
import { type SocketAddress, SocketChunks } from "./socket-chunks.ts";

const LENGTH_BYTES = 4;
const BLOCK_BYTES_MAX = 256 << 20;

/**
 * Encoded blocks from a TCP server: the length of each in 4 bytes, big-endian, then the block. Nothing is decoded here.
 */
export class RawSocketRun extends SocketChunks {
  readonly #cutter: FrameBlockCutter;
  /** The parts received so far of the current block, or of its length before it. */
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** Bytes of the block; `undefined` while its length is read. */
  #length: number | undefined;

  constructor(where: SocketAddress, cutter: FrameBlockCutter, gate: Gate, events: RunEvents) {
    super(where, gate, events);
    this.#cutter = cutter;
  }

  protected override take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at += this.#part(chunk.subarray(at));
  }

  protected override cut(): void {
    this.#parts = [];
  }

  protected override close(): Promise<void> {
    return this.#cutter.close();
  }

  protected override closed(): string {
    return this.#bytes === 0 && this.#length === undefined
      ? super.closed()
      : `${super.closed()} within a block, which is lost`;
  }

  /** Takes the bytes still missing from the length or the block. Returns how many. */
  #part(chunk: Uint8Array): number {
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
    this.events.received();
    this.#cutter.writeBlock(block);
  }

  #checked(length: number): number {
    if (length <= BLOCK_BYTES_MAX) return length;
    const { host, port } = this.where;
    throw receiverFailed(
      `the source ${host}:${port} announces a block of ${formatSize(length)}, more than ${formatSize(BLOCK_BYTES_MAX)}. ` +
        "The block is not read, and the source is retried. Check that it sends the output of rawBlock, and nothing else.",
    );
  }
}

function lengthIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getUint32(0);
}
