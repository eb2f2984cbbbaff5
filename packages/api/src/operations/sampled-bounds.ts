import { naming } from "@millrace/base";
import { type Comparison, comparisonBy } from "@millrace/codec";
import { boundsOf, type KeySample, operators, type WeightedSample } from "@millrace/operators";
import type { Lineage } from "@millrace/plan";
import { partitionsOf, runAction } from "../action/action.ts";
import type { JobContext } from "../job/job-context.ts";
import { decodeRecords } from "../source/collection.ts";
import { rddSteps } from "./dataset.ts";
import { narrowStep } from "./steps.ts";

/** Keys sampled for each range; three times as many are requested, as partitions may be uneven (Spark's numbers). */
const KEYS_PER_RANGE = 20;
const KEYS_MAX = 1_000_000;
const OVERSAMPLING = 3;

export interface BoundsRequest {
  readonly partitions: number;
  readonly compare: Comparison | undefined;
  readonly seed: number;
  /** The calling operator's name. */
  readonly name: string;
}

/**
 * Keys that split the pairs of an RDD into ranges of about equal size. Takes a job that samples keys from every
 * partition, and another for partitions that turn out to have far more pairs than others. None for a single range.
 */
export async function sampledBounds(context: JobContext, pairs: Lineage, request: BoundsRequest): Promise<unknown[]> {
  const { partitions, compare } = request;
  if (partitions === 1) return [];
  const wanted = Math.min(KEYS_PER_RANGE * partitions, KEYS_MAX);
  const sources = await partitionsOf(context, pairs);
  if (sources === 0) return [];
  const perSource = Math.ceil((OVERSAMPLING * wanted) / sources);
  const first = await drawKeys(context, pairs, request, perSource);
  const total = first.reduce((sum, [count]) => sum + count, 0);
  const fraction = Math.min(wanted / Math.max(total, 1), 1);
  const samples: WeightedSample[] = [];
  const large: number[] = [];
  first.forEach(([count, keys], source) => {
    if (fraction * count > perSource) large.push(source);
    else if (keys.length > 0) samples.push({ keys, weight: count / keys.length });
  });
  if (large.length > 0) {
    const most = Math.max(...large.map((source) => Math.ceil(fraction * (first[source]?.[0] ?? 0))));
    const more = await drawKeys(context, pairs, { ...request, seed: request.seed + 1 }, most, large);
    for (const [count, keys] of more) if (keys.length > 0) samples.push({ keys, weight: count / keys.length });
  }
  return naming(request.name, () => boundsOf(samples, partitions, comparisonBy(compare)));
}

async function drawKeys(
  context: JobContext,
  pairs: Lineage,
  { seed, name }: BoundsRequest,
  most: number,
  partitions?: readonly number[],
): Promise<KeySample[]> {
  const fn = operators.sampleKeys.ref(() => [most, seed]);
  const target = narrowStep("mapPartitionsWithIndex", fn, false, name)(pairs, rddSteps(context));
  const sink = { kind: "collect" } as const;
  const blocks = await runAction(context, { name, target, sink, ...(partitions === undefined ? {} : { partitions }) });
  return blocks.flatMap((block) => decodeRecords<KeySample>(context, block)); // one for each partition
}
