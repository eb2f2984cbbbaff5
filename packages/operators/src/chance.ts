import type { Rng } from "@millrace/base";

/** Larger means are drawn as sums of smaller ones: e^-mean must not become 0. */
const POISSON_MEAN_MAX = 256;

/** A number drawn from the Poisson distribution (Knuth's method). Time: O(mean). */
export function poisson(rng: Rng, mean: number): number {
  let count = 0;
  for (let rest = mean; rest > 0; rest -= POISSON_MEAN_MAX) {
    const limit = Math.exp(-Math.min(rest, POISSON_MEAN_MAX));
    for (let product = rng.next(); product > limit; product *= rng.next()) count += 1;
  }
  return count;
}

/**
 * The number of successes in `trials`, each with probability `p`: jumps from one success to the next (Devroye's second waiting
 * time method). Time: O(trials · p).
 */
export function binomial(rng: Rng, trials: number, p: number): number {
  if (p >= 1) return trials;
  if (p <= 0) return 0;
  const scale = 1 / Math.log1p(-p);
  let successes = 0;
  for (let at = 0; ; successes += 1) {
    at += 1 + Math.floor(Math.log(1 - rng.next()) * scale);
    if (at > trials) return successes;
  }
}

/**
 * The number of `draws` from a population, without replacement, that are among its first `marked`. Time: O(draws).
 *
 * @param options.draws At most `population`.
 */
export function hypergeometric(
  rng: Rng,
  options: { readonly population: number; readonly marked: number; readonly draws: number },
): number {
  let { population, marked } = options;
  let hits = 0;
  for (let i = 0; i < options.draws; i += 1) {
    if (rng.int(population) < marked) {
      marked -= 1;
      hits += 1;
    }
    population -= 1;
  }
  return hits;
}
