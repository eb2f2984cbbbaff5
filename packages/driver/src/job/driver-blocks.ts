import { createHash } from "node:crypto";
import { type ErrorFactory, errorKind } from "@millrace/base";
import { type BlockId, type BlockLocation, blockId } from "@millrace/plan";
import type { BlockService } from "@millrace/rpc";

const driverTakesNoBlocks: ErrorFactory = errorKind("DRIVER_TAKES_NO_BLOCKS", "engine");
const driverBlocksFull: ErrorFactory = errorKind("DRIVER_BLOCKS_FULL", "user");

/**
 * Blocks that only the driver creates: large `parallelize` batches, broadcast values, the job's artefact. They are in
 * memory, within a bound, and executors fetch them from the driver's data server.
 */
export class DriverBlocks {
  readonly #blocks = new Map<BlockId, { readonly parts: readonly Uint8Array[]; readonly bytes: number }>();
  #bytesMax: number;
  #bytes = 0;

  constructor(options: { readonly bytesMax: number }) {
    this.#bytesMax = options.bytesMax;
  }

  /** Sets the limit to the job's `driver.heap`. */
  limit(bytesMax: number): void {
    this.#bytesMax = bytesMax;
  }

  /** @throws DRIVER_BLOCKS_FULL The blocks so far and the new one exceed the limit. */
  put(id: BlockId, parts: readonly Uint8Array[]): BlockLocation {
    const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
    if (this.#bytes + bytes > this.#bytesMax) {
      throw driverBlocksFull(
        `block ${id} of ${bytes} bytes does not fit on the driver beside the ${this.#bytes} bytes of broadcasts and parallelized data ` +
          `(driver.heap is ${this.#bytesMax}). Destroy broadcasts that are no longer used, read the data on executors (textFile), or raise driver.heap.`,
        { fields: { block: id, bytes } },
      );
    }
    this.drop(id);
    this.#blocks.set(id, { parts, bytes });
    this.#bytes += bytes;
    return { id, bytes, at: ["driver"] };
  }

  /** @throws DRIVER_BLOCKS_FULL */
  putArtefact(packed: Uint8Array): BlockLocation {
    const hash = createHash("sha256").update(packed).digest("hex").slice(0, 16);
    return this.put(blockId(`artefact/${hash}`), [packed]);
  }

  read(id: BlockId): readonly Uint8Array[] | undefined {
    return this.#blocks.get(id)?.parts;
  }

  /** The driver's service on the data plane: read-only. Nothing is replicated to the driver. */
  service(): BlockService {
    return {
      read: (id) => this.read(id),
      write: (id) => {
        throw driverTakesNoBlocks(
          `block ${id} was sent to the job's driver, which stores no blocks of executors. It is refused; this is a defect of the sender.`,
        );
      },
    };
  }

  drop(id: BlockId): void {
    const held = this.#blocks.get(id);
    if (held === undefined) return;
    this.#bytes -= held.bytes;
    this.#blocks.delete(id);
  }
}
