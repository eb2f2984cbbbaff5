import { BlockWriter, decodeFrame } from "@millrace/codec";
import { BlockBuilder, type BlockHandle, freeSlices, readHandle, type SpillFile } from "@millrace/storage";
import type { SpillOptions } from "../table/spill-run.ts";
import { Feeder } from "./feeder.ts";

/**
 * On opening, collects all records of an asynchronous feeder that is already open, and then supplies them
 * synchronously: between an async partition function and a next one, whose iterable is synchronous. Kept encoded, in
 * the pool or on disk.
 */
export class SpoolFeeder extends Feeder {
  readonly #upstream: Feeder;
  readonly #options: SpillOptions;
  readonly #file: SpillFile;
  readonly #builder: BlockBuilder;
  #block: BlockHandle | undefined;
  #frames: Iterator<Uint8Array> | undefined;

  constructor(upstream: Feeder, options: SpillOptions) {
    super();
    this.#upstream = upstream;
    this.#options = options;
    this.#file = options.newSpillFile();
    this.#builder = new BlockBuilder(options.pool, this.#file);
  }

  override async open(): Promise<void> {
    const upstream = this.#upstream;
    const { classes, pool, onSpill } = this.#options;
    const writer = new BlockWriter({ classes, flush: (frame) => this.#builder.append(frame) });
    while (await upstream.nextLater()) {
      for (; upstream.at < upstream.end; upstream.at++) {
        if (upstream.rows === undefined) writer.writePair(upstream.keys[upstream.at], upstream.values[upstream.at]);
        else writer.write(upstream.rows[upstream.at]);
      }
    }
    writer.finish();
    onSpill(this.#builder.spilledBytes);
    this.#block = this.#builder.finish();
    this.#frames = readHandle(this.#block, pool);
  }

  override get opensLater(): boolean {
    return true;
  }

  override next(): boolean {
    const step = this.#frames?.next();
    if (step === undefined || step.done === true) return false;
    return this.setRows(decodeFrame(step.value, this.#options.classes));
  }

  override finish(): void | Promise<void> {
    return this.#upstream.finish();
  }

  override close(): void {
    this.#frames?.return?.();
    this.#frames = undefined;
    if (this.#block !== undefined) freeSlices(this.#block, this.#options.pool);
    this.#block = undefined;
    this.#builder.discard();
    this.#file.discard();
    this.#upstream.close();
  }
}
