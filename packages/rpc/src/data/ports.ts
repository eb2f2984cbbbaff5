import type { BlockId } from "@millrace/plan";

/** What a data server asks of the process that holds the blocks. All calls are on the main thread. */
export interface BlockService {
  /**
   * The parts of a block, in order, or `undefined` when it is not held here. Parts go straight to the socket: each must
   * stay valid until the iterator is asked for its end or returned, which the server does once the last byte is out.
   */
  read(id: BlockId): Iterable<Uint8Array> | undefined;
  /** A peer replicates a block of `bytes` bytes here. Throw to refuse it: the peer gets the error. */
  write(id: BlockId, bytes: number): BlockSink;
}

/** Takes one block as it arrives. */
export interface BlockSink {
  /** The next bytes; the view is valid only during the call. */
  chunk(view: Uint8Array): void;
  /** Everything arrived. The peer hears of success when this returns or resolves. */
  end(): void | Promise<void>;
  /** The rest will not come: what was taken may go. Called at most once, instead of `end`. */
  abort(error: Error): void;
}
