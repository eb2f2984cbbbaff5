import { naming } from "@millrace/base";
import { KeyMap } from "@millrace/codec";
import { operators } from "@millrace/operators";
import type { Lineage } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { JobContext } from "../job/job-context.ts";
import type { Carrier } from "./carrier.ts";
import type { Dataset } from "./dataset.ts";
import { exactSample } from "./exact-sample.ts";
import { narrowStep } from "./steps.ts";

// Random samples of records.

/** A fraction for each key: pairs, or a Map. */
export type Fractions<K> = Iterable<readonly [K, number]>;

/** @throws BAD_ARGUMENT Not a whole number. */
export function seedOf(context: JobContext, seed: unknown, operator: string): number {
  if (seed === undefined) return context.nextSeed();
  if (typeof seed === "number" && Number.isSafeInteger(seed)) return seed;
  throw badArgument(`the seed of ${operator} is ${shown(seed)}; it must be a whole number.`);
}

/** @throws BAD_ARGUMENT A fraction outside [0, 1] or, with replacement, a negative mean. */
function checkFraction(fraction: unknown, withReplacement: boolean, what: string): number {
  const most = withReplacement ? Number.MAX_SAFE_INTEGER : 1;
  if (typeof fraction === "number" && fraction >= 0 && fraction <= most) return fraction;
  const wanted = withReplacement ? "0 or more" : "from 0 to 1, or more than 1 with replacement only";
  throw badArgument(`${what} is ${shown(fraction)}; it must be a number ${wanted}.`);
}

export function sample<R>(on: Carrier<R>, withReplacement: boolean, fraction: number, given: number | undefined): R {
  checkFraction(fraction, withReplacement, "the fraction of sample");
  const seed = seedOf(on.context, given, "sample");
  const fn = withReplacement
    ? operators.sampleWithReplacement.ref(() => [fraction, seed])
    : operators.sample.ref(() => [0, fraction, seed]);
  return on.take(narrowStep("mapPartitionsWithIndex", fn, true, "sample"), "sample");
}

/** One result per weight; together they contain every record once. @throws BAD_ARGUMENT */
export function randomSplit<R>(on: Carrier<R>, weights: readonly number[], given: number | undefined): R[] {
  const operator = "randomSplit";
  const seed = seedOf(on.context, given, operator);
  return sharesOf(weights).map(([from, to]) => {
    const fn = operators.sample.ref(() => [from, to, seed]);
    return on.take(narrowStep("mapPartitionsWithIndex", fn, true, operator), operator);
  });
}

/** Adjacent parts of [0, 1], in proportion to the weights. @throws BAD_ARGUMENT */
function sharesOf(weights: readonly number[]): (readonly [from: number, to: number])[] {
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
  bounds[bounds.length - 1] = 1; // what was lost in rounding
  return bounds.map((to, i) => [bounds[i - 1] ?? 0, to]);
}

/** Each key once, with the last fraction given for it. @throws BAD_ARGUMENT */
function checkFractions(fractions: unknown, withReplacement: boolean, operator: string): [unknown, number][] {
  const byKey = new KeyMap<unknown, number>();
  if (typeof fractions !== "object" || fractions === null || !(Symbol.iterator in fractions)) {
    throw badArgument(`${operator} takes a Map from keys to fractions, or pairs of them.`);
  }
  // An entry that is not a pair is detected by its fraction.
  for (const entry of fractions as Iterable<readonly [unknown, number] | undefined>) {
    const fraction = checkFraction(entry?.[1], withReplacement, `a fraction of ${operator}`);
    naming(operator, () => byKey.set(entry?.[0], fraction));
  }
  return [...byKey];
}

export function sampleByKey<R>(on: Carrier<R>, withReplacement: boolean, given: unknown, seed: number | undefined): R {
  const operator = "sampleByKey";
  const fractions = checkFractions(given, withReplacement, operator);
  const drawn = seedOf(on.context, seed, operator);
  const fn = operators.sampleByKey.ref(() => [withReplacement, fractions, drawn]);
  return on.take(narrowStep("mapPartitionsWithIndex", fn, true, operator), operator);
}

export function sampleByKeyExact(
  on: Dataset,
  withReplacement: boolean,
  given: unknown,
  seed: number | undefined,
): Lineage {
  const operator = "sampleByKeyExact";
  const fractions = checkFractions(given, withReplacement, operator);
  return exactSample(on, withReplacement, fractions, seedOf(on.context, seed, operator));
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : value === null ? "null" : typeof value;
}
