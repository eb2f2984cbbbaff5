import { type Moments, mergeMoments, momentsOf } from "@millrace/operators";

/** Statistics of numbers, gathered in one pass: as many as you like can be brought together by `merge`. */
export class StatCounter {
  #moments: Moments;

  /** Of these numbers. */
  constructor(values?: Iterable<number>);
  /** @internal */
  constructor(values: Iterable<number>, moments: Moments);
  constructor(values: Iterable<number> = [], moments: Moments = momentsOf(values)) {
    this.#moments = moments;
  }

  /** Adds a number, or all that another counter has. */
  merge(other: number | StatCounter): this {
    const added = typeof other === "number" ? momentsOf([other]) : other.#moments;
    this.#moments = mergeMoments(this.#moments, added);
    return this;
  }

  /** How many numbers there are. */
  get count(): number {
    return this.#moments.count;
  }

  /** 0 of no numbers. */
  get mean(): number {
    return this.#moments.mean;
  }

  /** 0 of no numbers. */
  get sum(): number {
    return this.#moments.count * this.#moments.mean;
  }

  /** Infinity of no numbers. */
  get min(): number {
    return this.#moments.min;
  }

  /** -Infinity of no numbers. */
  get max(): number {
    return this.#moments.max;
  }

  /** Of the numbers as a whole population. NaN of no numbers. */
  get variance(): number {
    const { count, squares } = this.#moments;
    return count === 0 ? Number.NaN : squares / count;
  }

  /** As `variance`. */
  get popVariance(): number {
    return this.variance;
  }

  /** As an estimate for what the numbers are a sample of. NaN of fewer than two numbers. */
  get sampleVariance(): number {
    const { count, squares } = this.#moments;
    return count < 2 ? Number.NaN : squares / (count - 1);
  }

  /** The square root of `variance`. */
  get stdev(): number {
    return Math.sqrt(this.variance);
  }

  /** As `stdev`. */
  get popStdev(): number {
    return this.stdev;
  }

  /** The square root of `sampleVariance`. */
  get sampleStdev(): number {
    return Math.sqrt(this.sampleVariance);
  }

  /** `(count: 2, mean: 1.5, stdev: 0.5, max: 2, min: 1)`. */
  toString(): string {
    const { count, mean, stdev, max, min } = this;
    return `(count: ${count}, mean: ${mean}, stdev: ${stdev}, max: ${max}, min: ${min})`;
  }
}
