import { randomBytes } from "node:crypto";

/** The only source of randomness. Code that needs it takes one of these, seeded. */
export interface Rng {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, below). */
  int(below: number): number;
}

/** mulberry32 (Tommy Ettinger): 32 bits of state, passes gjrand; for simulation and sampling, not for secrets. */
export class SeededRng implements Rng {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }
}

/** Seeded afresh in each process: for jitter. */
export function systemRng(): Rng {
  return new SeededRng(randomBytes(4).readUInt32LE());
}

/** Rounds after which streams with neighbouring seeds are uncorrelated. */
const WARM_UP = 16;

/**
 * sfc32 (Chris Doty-Humphrey, passes PractRand): 128 bits of state, one of 2^32 streams of a seed. For draws in many
 * places at once, such as a sample of each partition, whose sequences must not overlap.
 */
export class StreamRng implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * @param seed An integer, of which the lower 64 bits are used.
   * @param stream An integer from 0; the same seed yields a different sequence in each stream.
   */
  constructor(seed: number, stream: number) {
    this.#a = Math.floor(seed / 2 ** 32) | 0;
    this.#b = seed | 0;
    this.#c = stream | 0;
    for (let i = 0; i < WARM_UP; i += 1) this.#word();
  }

  /** Has 53 random bits. */
  next(): number {
    return ((this.#word() >>> 5) * 2 ** 26 + (this.#word() >>> 6)) / 2 ** 53;
  }

  int(below: number): number {
    return Math.floor(this.next() * below);
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum;
  }
}
