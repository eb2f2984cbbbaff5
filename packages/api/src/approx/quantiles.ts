// Quantiles of the distributions behind approximate results.

/** Of the standard normal distribution (Acklam's approximation: relative error below 1.2e-9). */
export function normalQuantile(p: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p < TAIL) return tail(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - TAIL) return -tail(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  return (polynomial(A, q * q) * q) / polynomial(B, q * q);
}

const TAIL = 0.02425;
const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];

function tail(q: number): number {
  return polynomial(C, q) / polynomial(D, q);
}

/** Coefficients from the highest power down. */
function polynomial(coefficients: readonly number[], x: number): number {
  return coefficients.reduce((sum, c) => sum * x + c, 0);
}

/** Of Student's t distribution, found by halving. */
export function studentQuantile(p: number, freedom: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  if (p >= 1) return Number.POSITIVE_INFINITY;
  let low = 0;
  let high = 1;
  while (studentBelow(high, freedom) < p) [low, high] = [high, high * 2];
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (studentBelow(middle, freedom) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The probability of a value below `t`, which is 0 or more. */
function studentBelow(t: number, freedom: number): number {
  return 1 - 0.5 * incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

/** The regularised incomplete beta function, by its continued fraction (Lentz's method). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

const TINY = 1e-300;

function fraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= 300; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

const notZero = (x: number): number => (Math.abs(x) < TINY ? TINY : x);

const LANCZOS = [
  0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** Lanczos's approximation. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const t = x + 6.5;
  const series = LANCZOS.reduce((sum, c, i) => (i === 0 ? c : sum + c / (x + i - 1)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(series);
}

/** A distribution of counts, as far as its quantiles need it. */
export interface CountDistribution {
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
  /** The logarithm of the probability of `k`. */
  readonly logProbability: (k: number) => number;
}

/** Means past this are as good as normal; below it probabilities are added up. */
const ADDED_UP_MAX = 20_000;

/** The smallest count that is not exceeded with probability `p`. */
export function countQuantile(distribution: CountDistribution, p: number): number {
  const { mean, variance, skewness, logProbability } = distribution;
  if (p <= 0 || mean === 0) return 0;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (mean > ADDED_UP_MAX) {
    const z = normalQuantile(p);
    // Cornish and Fisher's first correction for what is not symmetric.
    return Math.max(0, Math.round(mean + Math.sqrt(variance) * (z + (skewness * (z * z - 1)) / 6)));
  }
  let below = 0;
  for (let k = 0; ; k += 1) {
    below += Math.exp(logProbability(k));
    if (below >= p || k > mean + 40 * Math.sqrt(variance) + 40) return k;
  }
}

/** Failures before as many successes, each with probability `p`. */
export function pascal(successes: number, p: number): CountDistribution {
  const q = 1 - p;
  const fixed = successes * Math.log(p) - logGamma(successes);
  return {
    mean: (successes * q) / p,
    variance: (successes * q) / (p * p),
    skewness: (1 + q) / Math.sqrt(successes * q),
    logProbability: (k) => fixed + logGamma(successes + k) - logGamma(k + 1) + k * Math.log(q),
  };
}

export function poissonOf(mean: number): CountDistribution {
  return {
    mean,
    variance: mean,
    skewness: 1 / Math.sqrt(mean),
    logProbability: (k) => k * Math.log(mean) - mean - logGamma(k + 1),
  };
}
