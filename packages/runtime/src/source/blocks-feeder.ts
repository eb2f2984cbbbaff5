import { type ClassTable, decodeColumnFrame, decodePairFrame, readFrames } from "@millrace/codec";
import { type BlockPool, readHandle } from "@millrace/storage";
import { type FilePieces, letGo } from "../files/pieces.ts";
import type { ResolvedInput } from "../task.ts";
import { Feeder } from "./feeder.ts";
import { FrameCutter } from "./frame-cutter.ts";

export interface FramesOptions {
  readonly classes: ClassTable;
  readonly onRecords: (count: number) => void;
}

/** The records of frames. */
abstract class FramesFeeder extends Feeder {
  readonly #classes: ClassTable;
  readonly #onRecords: (count: number) => void;

  constructor({ classes, onRecords }: FramesOptions) {
    super();
    this.#classes = classes;
    this.#onRecords = onRecords;
  }

  /** Makes a frame's records the chunk; false if it has none. */
  protected give(frame: Uint8Array): boolean {
    const pairs = decodePairFrame(frame, this.#classes);
    if (pairs === undefined) this.setRows(decodeColumnFrame(frame, this.#classes));
    else this.setPairs(pairs.keys, pairs.values);
    this.#onRecords(this.end);
    return this.end > 0;
  }
}

/** Records of blocks, frame by frame. */
export class BlocksFeeder extends FramesFeeder {
  readonly #frames: Iterator<Uint8Array>;

  constructor(frames: Iterator<Uint8Array>, options: FramesOptions) {
    super(options);
    this.#frames = frames;
  }

  override next(): boolean {
    for (;;) {
      const step = this.#frames.next();
      if (step.done === true) return false;
      if (this.give(step.value)) return true;
    }
  }

  override close(): void {
    this.#frames.return?.();
  }
}

/** Records of a file that `saveAsObjectFile` has written. */
export class ObjectFileFeeder extends FramesFeeder {
  readonly #pieces: FilePieces;
  readonly #cutter: FrameCutter;
  #done = false;

  constructor(path: string, pieces: FilePieces, options: FramesOptions) {
    super(options);
    this.#pieces = pieces;
    this.#cutter = new FrameCutter(path);
  }

  override get later(): boolean {
    return this.#pieces.later;
  }

  override next(): boolean {
    while (!this.#done) {
      const frame = this.#cutter.next();
      if (frame === undefined) this.#take(this.#pieces.next());
      else if (this.give(frame)) return true;
    }
    return false;
  }

  override async nextLater(): Promise<boolean> {
    while (!this.#done) {
      const frame = this.#cutter.next();
      if (frame === undefined) this.#take(await this.#pieces.nextLater());
      else if (this.give(frame)) return true;
    }
    return false;
  }

  override finish(): void | Promise<void> {
    return this.#pieces.close();
  }

  override close(): void {
    letGo(this.#pieces);
  }

  #take(piece: Uint8Array | undefined): void {
    if (piece !== undefined) return this.#cutter.push(piece);
    this.#cutter.end();
    this.#done = true;
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
