import { crc32 } from "node:zlib";
import { BlockWriter, type ClassTable } from "@millrace/codec";
import { BlockBuilder, type BlockHandle, type BlockPool, type SpillFile } from "@millrace/storage";

/** Limit of data buffered by all writers of one task. */
const BUFFERS_BYTES = 16 * 1024 * 1024;
const FRAME_BYTES_MAX = 256 * 1024;
const FRAME_BYTES_MIN = 4 * 1024;

/** One block per reduce partition, in the pool while there is room and otherwise in the task's spill file. */
export class ShuffleOutput {
  readonly writers: readonly BlockWriter[];
  readonly #builders: readonly BlockBuilder[];
  readonly #file: SpillFile;
  /** CRC-32 of each block. */
  readonly #checksums: Uint32Array;

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
    const checksums = new Uint32Array(partitions);
    this.#checksums = checksums;
    this.writers = this.#builders.map((builder, partition) => {
      const flush = (frame: Uint8Array): void => {
        checksums[partition] = crc32(frame, checksums[partition]);
        builder.append(frame);
      };
      return new BlockWriter({ classes, frameBytesMax, flush });
    });
  }

  /** The blocks, which now belong to the caller, and their encoded sizes. */
  finish(): {
    readonly blocks: readonly (BlockHandle | undefined)[];
    readonly bytes: readonly number[];
    /** CRC-32 of all blocks: equal for equal records in equal order, wherever the bytes are stored. */
    readonly checksum: number;
    readonly spilledBytes: number;
  } {
    for (const writer of this.writers) writer.finish();
    const bytes = this.#builders.map((builder) => builder.bytes);
    const spilledBytes = this.#builders.reduce((sum, builder) => sum + builder.spilledBytes, 0);
    const blocks = this.#builders.map((builder) => (builder.bytes === 0 ? undefined : builder.finish()));
    this.#file.close();
    const checksum = crc32(new Uint8Array(this.#checksums.buffer));
    return { blocks, bytes, checksum, spilledBytes };
  }

  /** Frees everything, because the task failed. */
  discard(): void {
    for (const builder of this.#builders) builder.discard();
    this.#file.discard();
  }
}
