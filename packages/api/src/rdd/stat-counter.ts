import { type Moments, mergeMoments, momentsOf } from "@millrace/operators";

/** Statistics of numbers, gathered in one pass; any number of counters can be combined with `merge`. */
export class StatCounter {
  #moments: Moments;

  /** The statistics of these numbers. */
  constructor(values?: Iterable<number>);
  /** @internal */
  constructor(values: Iterable<number>, moments: Moments);
  constructor(values: Iterable<number> = [], moments: Moments = momentsOf(values)) {
    this.#moments = moments;
  }

  /** Adds a number, or everything that another counter contains. */
  merge(other: number | StatCounter): this {
    const added = typeof other === "number" ? momentsOf([other]) : other.#moments;
    this.#moments = mergeMoments(this.#moments, added);
    return this;
  }

  /** The number of values. */
  get count(): number {
    return this.#moments.count;
  }

  /** 0 if there are no numbers. */
  get mean(): number {
    return this.#moments.mean;
  }

  /** 0 if there are no numbers. */
  get sum(): number {
    return this.#moments.count * this.#moments.mean;
  }

  /** Infinity if there are no numbers. */
  get min(): number {
    return this.#moments.min;
  }

  /** -Infinity if there are no numbers. */
  get max(): number {
    return this.#moments.max;
  }

  /** Of the numbers as a whole population. NaN if there are no numbers. */
  get variance(): number {
    const { count, squares } = this.#moments;
    return count === 0 ? Number.NaN : squares / count;
  }

  /** Same as `variance`. */
  get popVariance(): number {
    return this.variance;
  }

  /** The estimate for the population from which the numbers are a sample. NaN for fewer than two numbers. */
  get sampleVariance(): number {
    const { count, squares } = this.#moments;
    return count < 2 ? Number.NaN : squares / (count - 1);
  }

  /** The square root of `variance`. */
  get stdev(): number {
    return Math.sqrt(this.variance);
  }

  /** Same as `stdev`. */
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
