import type { BlockId } from "@millrace/plan";
import type { BlockSink } from "@millrace/rpc";
import {
  BlockBuilder,
  type BlockPool,
  type BlockStore,
  type Reservation,
  type SpillDirectory,
  type SpillFile,
} from "@millrace/storage";
import { blockSizeWrong } from "../errors.ts";
import { copyToShared } from "./shared-copy.ts";

/** Stores a block that a peer replicates to this executor. */
export class StoreSink implements BlockSink {
  readonly #store: BlockStore;
  readonly #id: BlockId;
  readonly #bytes: number;
  readonly #spill: SpillFile;
  readonly #builder: BlockBuilder;
  #reservation: Reservation | undefined;
  #filled = 0;

  constructor(options: {
    readonly pool: BlockPool;
    readonly store: BlockStore;
    readonly spills: SpillDirectory;
    readonly id: BlockId;
    readonly bytes: number;
  }) {
    this.#store = options.store;
    this.#id = options.id;
    this.#bytes = options.bytes;
    this.#spill = options.spills.newFile();
    this.#builder = new BlockBuilder(options.pool, this.#spill);
    if (options.bytes > 0) this.#reservation = this.#builder.reserve(options.bytes);
  }

  chunk(view: Uint8Array): void {
    const target = this.#reservation?.target;
    if (target === undefined || this.#filled + view.byteLength > target.byteLength) {
      throw blockSizeWrong(
        `block ${this.#id} was announced with ${this.#bytes} bytes, but more arrived. It is not stored.`,
      );
    }
    copyToShared(view, target, this.#filled);
    this.#filled += view.byteLength;
  }

  end(): void {
    this.#reservation?.commit();
    this.#reservation = undefined;
    this.#spill.close();
    this.#store.put(this.#id, this.#builder.finish());
  }

  abort(): void {
    this.#reservation?.cancel();
    this.#reservation = undefined;
    this.#spill.discard();
  }
}
