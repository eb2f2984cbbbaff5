import { BlockWriter, type ClassTable } from "@millrace/codec";
import { BlockBuilder, type BlockPool, freeSlices, type SpillFile } from "@millrace/storage";
import { INLINE_RESULT_BYTES_MAX, type SlotResult } from "../task.ts";

/** The records that a task returns to the driver: inline if they are few, otherwise as a block. */
export class ResultOutput {
  readonly writer: BlockWriter;
  readonly #builder: BlockBuilder;
  readonly #file: SpillFile;
  readonly #pool: BlockPool;
  #inline: Uint8Array[] | undefined = [];
  #inlineBytes = 0;

  constructor(options: { readonly pool: BlockPool; readonly file: SpillFile; readonly classes: ClassTable }) {
    this.#pool = options.pool;
    this.#file = options.file;
    this.#builder = new BlockBuilder(options.pool, options.file);
    this.writer = new BlockWriter({ classes: options.classes, flush: (frame) => this.#append(frame) });
  }

  finish(): { readonly result: SlotResult; readonly spilledBytes: number } {
    this.writer.finish();
    if (this.#inline !== undefined) {
      return { result: { kind: "inline", block: join(this.#inline, this.#inlineBytes) }, spilledBytes: 0 };
    }
    const { bytes, spilledBytes } = this.#builder;
    this.#file.close();
    return { result: { kind: "block", handle: this.#builder.finish(), bytes }, spilledBytes };
  }

  /** Frees everything, because the task failed. */
  discard(): void {
    freeSlices(this.#builder.finish(), this.#pool);
    this.#file.discard();
  }

  #append(frame: Uint8Array): void {
    if (this.#inline !== undefined && this.#inlineBytes + frame.length <= INLINE_RESULT_BYTES_MAX) {
      this.#inline.push(new Uint8Array(frame));
      this.#inlineBytes += frame.length;
      return;
    }
    for (const earlier of this.#inline ?? []) this.#builder.append(earlier);
    this.#inline = undefined;
    this.#builder.append(frame);
  }
}

function join(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
