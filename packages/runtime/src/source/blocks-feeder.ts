import { type ClassTable, decodeColumnFrame, decodePairFrame, readFrames } from "@millrace/codec";
import { type BlockPool, readHandle } from "@millrace/storage";
import type { ResolvedInput } from "../task.ts";
import { Feeder } from "./feeder.ts";

/** Records of blocks, frame by frame. */
export class BlocksFeeder extends Feeder {
  readonly #frames: Iterator<Uint8Array>;
  readonly #classes: ClassTable;
  readonly #onRecords: (count: number) => void;

  constructor(options: {
    readonly frames: Iterator<Uint8Array>;
    readonly classes: ClassTable;
    readonly onRecords: (count: number) => void;
  }) {
    super();
    this.#frames = options.frames;
    this.#classes = options.classes;
    this.#onRecords = options.onRecords;
  }

  override next(): boolean {
    for (;;) {
      const step = this.#frames.next();
      if (step.done === true) return false;
      const pairs = decodePairFrame(step.value, this.#classes);
      if (pairs === undefined) this.setRows(decodeColumnFrame(step.value, this.#classes));
      else this.setPairs(pairs.keys, pairs.values);
      this.#onRecords(this.end);
      if (this.end > 0) return true;
    }
  }

  override close(): void {
    this.#frames.return?.();
  }
}

export function* framesOf(
  input: Exclude<ResolvedInput, { readonly kind: "file" }>,
  pool: BlockPool,
): Generator<Uint8Array, void, undefined> {
  if (input.kind === "inline") yield* readFrames(input.block);
  if (input.kind !== "block") return;
  for (const handle of input.handles) {
    for (const piece of readHandle(handle, pool)) yield* readFrames(piece);
  }
}
