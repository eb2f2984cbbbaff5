const FIRST_BYTES = 64;
/** The maximum length of a number below 2^53 in groups of seven bits. */
const BYTES_MAX = 8;
const MORE = 0x80;
const GROUP = 0x80;

/** Encodes whole numbers in non-decreasing order: each as its distance from the previous one, in groups of seven bits, lowest first. */
export class OrdinalsWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #last = 0;

  /** @param ordinal At least as large as the previous one. */
  add(ordinal: number): void {
    if (this.#length + BYTES_MAX > this.#bytes.length) this.#grow();
    let rest = ordinal - this.#last;
    this.#last = ordinal;
    while (rest >= GROUP) {
      this.#bytes[this.#length++] = (rest % GROUP) | MORE;
      rest = Math.floor(rest / GROUP);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The numbers added since the last `take`, as bytes that can be decoded separately. Valid until the next `add`. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    this.#last = 0;
    return taken;
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Decodes the bytes of one `take` of {@link OrdinalsWriter}. */
export function readOrdinals(bytes: Uint8Array): number[] {
  const ordinals: number[] = [];
  let last = 0;
  let scale = 1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    last += (byte % MORE) * scale;
    if (byte >= MORE) {
      scale *= GROUP;
    } else {
      ordinals.push(last);
      scale = 1;
    }
  }
  return ordinals;
}
