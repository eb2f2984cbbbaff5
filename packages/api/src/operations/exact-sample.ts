import { StreamRng } from "@millrace/base";
import { binomial, hypergeometric, operators, type Quota } from "@millrace/operators";
import { deferredNode, type Lineage } from "@millrace/plan";
import { runAction } from "../action/action.ts";
import { decodeRecords } from "../source/collection.ts";
import type { Dataset } from "./dataset.ts";
import { narrowStep } from "./steps.ts";

const OPERATOR = "sampleByKeyExact";
/** The random stream that distributes the samples among partitions, distinct from theirs. */
const SHARING = 2 ** 31;

/**
 * Exactly a fraction of each key's pairs: they are counted first, and the quota is distributed among the partitions.
 */
export function exactSample(
  on: Dataset,
  withReplacement: boolean,
  fractions: readonly (readonly [key: unknown, fraction: number])[],
  seed: number,
): Lineage {
  const { context, lineage: parent, steps } = on;
  const keys = fractions.map(([key]) => key);
  const countKeys = narrowStep(
    "mapPartitions",
    operators.countKeys.ref(() => [keys]),
    false,
    OPERATOR,
  );
  return deferredNode([parent], OPERATOR, async () => {
    const target = countKeys(parent, steps);
    const blocks = await runAction(context, { name: OPERATOR, target, sink: { kind: "collect" } });
    const counts = blocks.flatMap((block) => decodeRecords<number[]>(context, block)); // one record for each partition
    const quotas = quotasOf(counts, fractions, { withReplacement, seed });
    const fn = operators.sampleByQuota.ref(() => [withReplacement, keys, quotas, seed]);
    return narrowStep("mapPartitionsWithIndex", fn, true, OPERATOR)(parent, steps);
  });
}

/**
 * The number of pairs of each key that each partition contributes, distributed as if the sample were drawn from all of them.
 *
 * @param counts For each partition, for each key.
 */
function quotasOf(
  counts: readonly (readonly number[])[],
  fractions: readonly (readonly [key: unknown, fraction: number])[],
  options: { readonly withReplacement: boolean; readonly seed: number },
): Quota[][] {
  const rng = new StreamRng(options.seed, SHARING);
  const quotas = counts.map((): Quota[] => []);
  fractions.forEach(([, fraction], key) => {
    let population = counts.reduce((sum, of) => sum + (of[key] ?? 0), 0);
    let draws = Math.ceil(population * fraction);
    counts.forEach((of, partition) => {
      const marked = of[key] ?? 0;
      const hits = options.withReplacement
        ? binomial(rng, draws, population === 0 ? 0 : marked / population)
        : hypergeometric(rng, { population, marked, draws });
      quotas[partition]?.push([marked, hits]);
      population -= marked;
      draws -= hits;
    });
  });
  return quotas;
}
