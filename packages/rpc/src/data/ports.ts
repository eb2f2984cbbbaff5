import type { BlockId } from "@millrace/plan";
import type { DataAddress } from "../session.ts";

/** A block that can be sent: its parts, in order. */
export interface ReadableBlock extends Iterable<Uint8Array> {
  /** Called once, when the last byte is sent or the connection is gone: until then no part may change. */
  release?(): void;
}

/** The port of a data server to the process that holds the blocks. All calls are on the main thread. */
export interface BlockService {
  /** `undefined`: not held here. Parts go straight to the socket, without a copy. */
  read(id: BlockId): ReadableBlock | undefined;
  /** A peer replicates a block of `bytes` bytes here. Throw to refuse it: the peer receives the error. */
  write(id: BlockId, bytes: number): BlockSink;
}

/** Takes one block as it arrives. A method that throws fails the block, not the connection. */
export interface BlockSink {
  /** The next bytes; the view is valid only during the call. */
  chunk(view: Uint8Array): void;
  /** Everything has arrived. It counts as stored when this returns or resolves. */
  end(): void | Promise<void>;
  /** The rest will not arrive: drop what was taken. Called at most once, instead of `end`. */
  abort(error: Error): void;
}

/** Serves the blocks of one process. */
export interface BlockServer {
  /** The address at which others fetch them. */
  readonly address: DataAddress;
  close(): Promise<void>;
}

/** Fetches blocks from, and sends blocks to, other processes. It retries nothing. */
export interface BlockClient {
  /**
   * Fetches a block into `sink`.
   *
   * @returns Its bytes.
   * @throws BLOCK_NOT_HELD The peer does not have it.
   * @throws PEER_UNREACHABLE Nothing answers. @throws FRAME_CUT_SHORT The connection was lost.
   * @throws UNAUTHENTICATED, PROTOCOL_MISMATCH
   * @throws What `sink` threw; the rest of the block is then discarded.
   */
  get(from: DataAddress, id: BlockId, sink: BlockSink): Promise<number>;
  /** As {@link get}, into one array: for small blocks, artefacts and results. */
  fetch(from: DataAddress, id: BlockId): Promise<Uint8Array>;
  /**
   * Stores a copy of a block at a peer. `parts` must stay as they are until it settles.
   *
   * @throws As {@link get}, and what the peer's service threw.
   */
  put(
    to: DataAddress,
    id: BlockId,
    block: { readonly bytes: number; readonly parts: Iterable<Uint8Array> },
  ): Promise<void>;
  /** Gives up the connection to a peer that is known to be gone; what it still owes fails. */
  forget(peer: DataAddress): void;
  /** Transfers in progress fail. */
  close(): void;
}

/** The network on which processes serve and fetch blocks. */
export interface BlockNetwork {
  serve(blocks: BlockService): BlockServer;
  client(): BlockClient;
}

/** Collects a small block into one array. */
export class GatheringSink implements BlockSink {
  readonly #parts: Buffer[] = [];
  bytes = 0;

  chunk(view: Uint8Array): void {
    this.#parts.push(Buffer.from(view)); // a copy: the view does not outlive the call
    this.bytes += view.byteLength;
  }

  end(): void {}

  abort(): void {
    this.#parts.length = 0;
  }

  /** All of it, in a new array. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.bytes);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.byteLength;
    }
    return whole;
  }
}
