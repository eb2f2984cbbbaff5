import { BlockWriter, decodeFrame } from "@millrace/codec";
import { BlockBuilder, type BlockHandle, freeSlices, readHandle, type SpillFile } from "@millrace/storage";
import { estimateBytes } from "../table/estimate.ts";
import type { SpillOptions } from "../table/spill-run.ts";
import type { TableBudget } from "../table/table-budget.ts";
import { type Feeder, SLICE } from "./feeder.ts";

/** The number of records sampled from each lot that is added. */
const SAMPLES = 16;
const ENTRY_BYTES = 12;

export interface ReplayOptions extends SpillOptions {
  readonly budget: TableBudget;
  /** Throws when the task is cancelled. */
  readonly check: () => void;
}

/**
 * All records of a feeder, to be read any number of times: in memory while they fit the budget, otherwise encoded, in
 * the pool or on disk, and decoded each time.
 */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #rows: unknown[] = [];
  #bytes = 0;
  #builder: BlockBuilder | undefined;
  #writer: BlockWriter | undefined;
  #file: SpillFile | undefined;
  #block: BlockHandle | undefined;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Reads an open feeder to its end. Called once. */
  async fill(feeder: Feeder): Promise<void> {
    const { later } = feeder;
    while (feeder.at < feeder.end || (later ? await feeder.nextLater() : feeder.next())) this.#take(feeder);
    if (this.#writer === undefined || this.#builder === undefined) return;
    this.#writer.finish();
    this.#options.onSpill(this.#builder.spilledBytes);
    this.#block = this.#builder.finish();
  }

  /** True if each lot is decoded when it is requested. */
  get isEncoded(): boolean {
    return this.#block !== undefined;
  }

  /** The records in lots, from the beginning. */
  *lots(): Generator<readonly unknown[], void, undefined> {
    if (this.#rows.length > 0) yield this.#rows;
    if (this.#block === undefined) return;
    const { pool, classes } = this.#options;
    for (const frame of readHandle(this.#block, pool)) yield decodeFrame(frame, classes);
  }

  discard(): void {
    this.#rows.length = 0;
    if (this.#block !== undefined) freeSlices(this.#block, this.#options.pool);
    this.#block = undefined;
    this.#builder?.discard();
    this.#file?.discard();
  }

  /** At most a slice of the feeder's chunk. */
  #take(feeder: Feeder): void {
    this.#options.check();
    const { rows, keys, values, at } = feeder;
    const to = Math.min(feeder.end, at + SLICE);
    feeder.at = to;
    const lot = Array.from({ length: to - at }, (_, i) =>
      rows === undefined ? [keys[at + i], values[at + i]] : rows[at + i],
    );
    if (this.#writer === undefined) {
      for (const row of lot) this.#rows.push(row);
      this.#bytes += sample(lot);
      if (this.#options.budget.exceededBy(this.#bytes)) this.#encode();
    } else {
      for (const row of lot) this.#writer.write(row);
    }
  }

  /** Moves the records to a block, because they exceed the budget; later ones are added to the block. */
  #encode(): void {
    const { pool, classes, newSpillFile } = this.#options;
    this.#file = newSpillFile();
    const builder = new BlockBuilder(pool, this.#file);
    this.#builder = builder;
    this.#writer = new BlockWriter({ classes, flush: (frame) => builder.append(frame) });
    for (const row of this.#rows) this.#writer.write(row);
    this.#rows.length = 0;
  }
}

function sample(lot: readonly unknown[]): number {
  const looked = Math.min(SAMPLES, lot.length);
  let bytes = 0;
  for (let i = 1; i <= looked; i++) bytes += estimateBytes(lot[Math.floor((i * lot.length) / looked) - 1]);
  return looked === 0 ? 0 : lot.length * (ENTRY_BYTES + bytes / looked);
}
