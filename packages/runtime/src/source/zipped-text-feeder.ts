import { Feeder } from "./feeder.ts";
import { LineCutter } from "./line-cutter.ts";

/** Lines of a gzip file, which can be read only from its beginning, and asynchronously. */
export class ZippedTextFeeder extends Feeder {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #cutter: LineCutter;
  readonly #onRecords: (count: number) => void;
  /** The offset of the next piece in the decompressed text. */
  #position = 0;
  #done = false;

  constructor(options: {
    readonly path: string;
    readonly pieces: AsyncIterable<Uint8Array>;
    readonly lineBytesMax: number;
    readonly onRecords: (count: number) => void;
  }) {
    super();
    this.#pieces = options.pieces[Symbol.asyncIterator]();
    this.#cutter = new LineCutter({ ...options, fromStart: true });
    this.#onRecords = options.onRecords;
  }

  override get later(): boolean {
    return true;
  }

  override next(): boolean {
    return false; // callers that checked `later` call `nextLater`
  }

  override async nextLater(): Promise<boolean> {
    while (!this.#done) {
      const step = await this.#pieces.next();
      this.#done = step.done === true;
      const lines = step.done === true ? this.#cutter.end() : this.#lines(step.value);
      if (lines.length === 0) continue;
      this.#onRecords(lines.length);
      return this.setRows(lines);
    }
    return false;
  }

  override async finish(): Promise<void> {
    if (!this.#done) await this.#pieces.return?.();
    this.#done = true;
  }

  override close(): void {
    // After an error nothing waits for this; the file is released in the background.
    if (!this.#done) this.#pieces.return?.()?.then(undefined, () => {});
    this.#done = true;
  }

  #lines(piece: Uint8Array): string[] {
    const position = this.#position;
    this.#position += piece.length;
    return this.#cutter.push(piece, position);
  }
}
