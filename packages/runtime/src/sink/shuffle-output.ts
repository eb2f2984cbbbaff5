import { BlockWriter, type ClassTable } from "@millrace/codec";
import { BlockBuilder, type BlockHandle, type BlockPool, type SpillFile } from "@millrace/storage";

/** What the writers of one task may hold back together. */
const BUFFERS_BYTES = 16 * 1024 * 1024;
const FRAME_BYTES_MAX = 256 * 1024;
const FRAME_BYTES_MIN = 4 * 1024;

/** One block per reduce partition, in the pool while there is room and else in the task's spill file. */
export class ShuffleOutput {
  readonly writers: readonly BlockWriter[];
  readonly #builders: readonly BlockBuilder[];
  readonly #file: SpillFile;

  constructor(options: {
    readonly partitions: number;
    readonly pool: BlockPool;
    readonly file: SpillFile;
    readonly classes: ClassTable;
  }) {
    const { partitions, pool, file, classes } = options;
    const frameBytesMax = Math.max(FRAME_BYTES_MIN, Math.min(FRAME_BYTES_MAX, Math.floor(BUFFERS_BYTES / partitions)));
    this.#file = file;
    this.#builders = Array.from({ length: partitions }, () => new BlockBuilder(pool, file));
    this.writers = this.#builders.map(
      (builder) => new BlockWriter({ classes, frameBytesMax, flush: (frame) => builder.append(frame) }),
    );
  }

  /** The blocks, which belong to the caller, and what of them is on disk. */
  finish(): {
    readonly blocks: readonly (BlockHandle | undefined)[];
    readonly bytes: readonly number[];
    readonly spilledBytes: number;
  } {
    for (const writer of this.writers) writer.finish();
    const bytes = this.#builders.map((builder) => builder.bytes);
    const spilledBytes = this.#builders.reduce((sum, builder) => sum + builder.spilledBytes, 0);
    const blocks = this.#builders.map((builder) => (builder.bytes === 0 ? undefined : builder.finish()));
    this.#file.close();
    return { blocks, bytes, spilledBytes };
  }

  /** Frees everything: the task failed. */
  discard(): void {
    for (const builder of this.#builders) builder.discard();
    this.#file.discard();
  }
}
