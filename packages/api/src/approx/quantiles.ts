// Quantiles of the distributions behind approximate results, by Moshier's Cephes library.
type Cephes = typeof import("cephes");

/** The library, loaded when the first approximate result needs it: a job without one does not pay for it. */
export class Quantiles {
  readonly #cephes: Cephes;

  private constructor(cephes: Cephes) {
    this.#cephes = cephes;
  }

  static async load(): Promise<Quantiles> {
    const cephes = await import("cephes");
    await cephes.compiled;
    return new Quantiles(cephes);
  }

  /** A quantile of the standard normal distribution. */
  normal(p: number): number {
    return this.#cephes.ndtri(p);
  }

  /** A quantile of Student's t distribution. */
  student(p: number, freedom: number): number {
    return this.#cephes.stdtri(freedom, p);
  }

  /** The smallest count that is not exceeded with probability `p`. */
  count(distribution: CountDistribution, p: number): number {
    const { mean, variance, skewness } = distribution;
    if (p <= 0 || mean === 0) return 0;
    if (p >= 1) return Number.POSITIVE_INFINITY;
    const z = this.normal(p);
    // The first term of the Cornish-Fisher expansion, which corrects for skewness.
    const guess = Math.max(0, Math.round(mean + Math.sqrt(variance) * (z + (skewness * (z * z - 1)) / 6)));
    return mean > SEARCHED_MAX ? guess : smallest(guess, (k) => this.#below(distribution, k) >= p);
  }

  /** The probability of at most `k`. */
  #below(distribution: CountDistribution, k: number): number {
    return distribution.kind === "poisson"
      ? this.#cephes.pdtr(k, distribution.mean)
      : this.#cephes.nbdtr(k, distribution.successes, distribution.p);
  }
}

/** A distribution of counts. */
export type CountDistribution = { readonly mean: number; readonly variance: number; readonly skewness: number } & (
  | { readonly kind: "poisson" }
  | { readonly kind: "pascal"; readonly successes: number; readonly p: number }
);

/** Distributions with larger means are practically normal, and the library counts in 32 bits. */
const SEARCHED_MAX = 20_000;

/** The smallest count, from 0, for which `enough` holds; it must hold for all larger ones. The search starts at `guess`. */
function smallest(guess: number, enough: (k: number) => boolean): number {
  let [low, high] = [guess, guess];
  for (let step = 1; low >= 0 && enough(low); step *= 2) [low, high] = [low - step, low];
  for (let step = 1; !enough(high); step *= 2) [low, high] = [high, high + step];
  low = Math.max(low, -1);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** The number of failures before the given number of successes, each of probability `p`. */
export function pascal(successes: number, p: number): CountDistribution {
  const q = 1 - p;
  const moments = {
    mean: (successes * q) / p,
    variance: (successes * q) / (p * p),
    skewness: (1 + q) / Math.sqrt(successes * q),
  };
  return { kind: "pascal", successes, p, ...moments };
}

export function poissonOf(mean: number): CountDistribution {
  return { kind: "poisson", mean, variance: mean, skewness: 1 / Math.sqrt(mean) };
}
