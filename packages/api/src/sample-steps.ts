import { naming } from "@millrace/base";
import { KeyMap } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { badArgument } from "./errors.ts";
import type { JobContext } from "./job-context.ts";
import { narrowStep, type Step } from "./steps.ts";

/** How many of each key: pairs, or a Map. */
export type Fractions<K> = Iterable<readonly [K, number]>;

/** @throws BAD_ARGUMENT Not a whole number. */
export function seedOf(context: JobContext, seed: unknown, operator: string): number {
  if (seed === undefined) return context.nextSeed();
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return seed;
  throw badArgument(`the seed of ${operator} is ${shown(seed)}; it must be a whole number.`);
}

/** @throws BAD_ARGUMENT A share that is not in [0, 1], or, where records may come up repeatedly, not a mean of 0 or more. */
export function checkFraction(fraction: unknown, withReplacement: boolean, what: string): number {
  const most = withReplacement ? Number.MAX_SAFE_INTEGER : 1;
  if (typeof fraction === "number" && fraction >= 0 && fraction <= most) return fraction;
  const wanted = withReplacement ? "0 or more" : "from 0 to 1, or more than 1 with replacement only";
  throw badArgument(`${what} is ${shown(fraction)}; it must be a number ${wanted}.`);
}

export function sampleStep(withReplacement: boolean, fraction: number, seed: number): Step {
  const fn = withReplacement
    ? operators.sampleWithReplacement.ref(() => [fraction, seed])
    : operators.sample.ref(() => [0, fraction, seed]);
  return narrowStep("mapPartitionsWithIndex", fn, true, "sample");
}

/** One step for each weight; together they give every record once. @throws BAD_ARGUMENT */
export function splitSteps(weights: readonly number[], seed: number): Step[] {
  if (!Array.isArray(weights) || weights.length === 0) throw badArgument("randomSplit takes an array of weights.");
  for (const weight of weights) {
    if (typeof weight === "number" && weight >= 0 && Number.isFinite(weight)) continue;
    throw badArgument(`a weight of randomSplit is ${shown(weight)}; weights are numbers of 0 or more.`);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0 && Number.isFinite(total))) {
    throw badArgument("the weights of randomSplit are all 0, or too large to be added up. Give one that is more.");
  }
  let below = 0;
  const bounds = weights.map((weight) => {
    below += weight;
    return below / total;
  });
  bounds[bounds.length - 1] = 1; // whatever was lost in rounding
  return bounds.map((to, i) => {
    const from = bounds[i - 1] ?? 0;
    return narrowStep(
      "mapPartitionsWithIndex",
      operators.sample.ref(() => [from, to, seed]),
      true,
      "randomSplit",
    );
  });
}

/** Each key once, the last fraction given for it. @throws BAD_ARGUMENT */
export function checkFractions<K>(fractions: unknown, withReplacement: boolean, operator: string): [K, number][] {
  const byKey = new KeyMap<K, number>();
  if (typeof fractions !== "object" || fractions === null || !(Symbol.iterator in fractions)) {
    throw badArgument(`${operator} takes a Map from keys to fractions, or pairs of them.`);
  }
  // What is not a pair is found out by its fraction.
  for (const entry of fractions as Iterable<readonly [K, number] | undefined>) {
    const fraction = checkFraction(entry?.[1], withReplacement, `a fraction of ${operator}`);
    const key = entry?.[0] as K; // the first of a pair: its second was just looked at
    naming(operator, () => byKey.set(key, fraction));
  }
  return [...byKey];
}

export function sampleByKeyStep(
  withReplacement: boolean,
  fractions: readonly (readonly [unknown, number])[],
  seed: number,
): Step {
  const fn = operators.sampleByKey.ref(() => [withReplacement, fractions, seed]);
  return narrowStep("mapPartitionsWithIndex", fn, true, "sampleByKey");
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
}
