import { FRAME_HEADER_BYTES, frameBytes } from "@millrace/codec";
import { inputDamaged } from "../errors.ts";

/** Reassembles the frames of a file written by `saveAsObjectFile`, each in memory of its own. */
export class FrameCutter {
  readonly #path: string;
  /** An incomplete frame, or only its header until the length is known (`#whole`). */
  #begun: Uint8Array = new Uint8Array(FRAME_HEADER_BYTES);
  #have = 0;
  #whole = false;
  /** The rest of the current piece, valid until the next one is requested. */
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Adds the next bytes of the file. Call it when `next` has returned all frames of the preceding bytes. */
  push(piece: Uint8Array): void {
    this.#piece = piece;
    this.#at = 0;
  }

  /** The next frame; `undefined` if more bytes are needed. @throws INPUT_DAMAGED The file is of another kind or version. */
  next(): Uint8Array | undefined {
    while (this.#at < this.#piece.length) {
      const taken = Math.min(this.#begun.length - this.#have, this.#piece.length - this.#at);
      this.#begun.set(this.#piece.subarray(this.#at, this.#at + taken), this.#have);
      this.#have += taken;
      this.#at += taken;
      if (this.#have < this.#begun.length) return undefined;
      if (this.#whole) return this.#takeFrame();
      this.#begun = withRoomForFrame(this.#path, this.#begun);
      this.#whole = true;
    }
    return undefined;
  }

  /** Ends the file. @throws INPUT_DAMAGED The last frame is truncated. */
  end(): void {
    if (this.#have > 0) throw unreadable(this.#path, `its last frame is truncated to ${this.#have} bytes`);
  }

  #takeFrame(): Uint8Array {
    const frame = this.#begun;
    this.#begun = new Uint8Array(FRAME_HEADER_BYTES);
    this.#have = 0;
    this.#whole = false;
    return frame;
  }
}

function withRoomForFrame(path: string, header: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    const frame = new Uint8Array(frameBytes(header));
    frame.set(header);
    return frame;
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(path: string, why: string, cause?: unknown) {
  return inputDamaged(
    `the input file ${path} cannot be read as records: ${why}. Its batch fails. ` +
      "objectFile reads only files of saveAsObjectFile of the same release.",
    { fields: { path }, ...(cause === undefined ? {} : { cause }) },
  );
}
