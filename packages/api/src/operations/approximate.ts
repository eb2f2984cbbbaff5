import { KeyMap } from "@millrace/codec";
import { type FunctionRef, type Moments, mergeMoments, NO_MOMENTS, operators } from "@millrace/operators";
import { type BoundedDouble, Bounds, type Seen } from "../approx/bounded-double.ts";
import { type Patience, withinTime } from "../approx/within-time.ts";
import type { Dataset } from "./dataset.ts";
import { mapOnDriver } from "./driver-map.ts";
import { chained, narrowStep, plainStep, type Step } from "./steps.ts";

// Actions that return what they have after a timeout: bounds that contain the result with a probability. Partitions are
// processed in order, so the bounds hold as far as the processed ones are representative.

export async function countApprox({ context, lineage }: Dataset, patience: Patience): Promise<BoundedDouble> {
  let sum = 0;
  const seen = await withinTime<number>(context, {
    name: "countApprox",
    target: lineage,
    sink: { kind: "count" },
    ...patience,
    add: (counts) => {
      for (const n of counts) sum += n;
    },
  });
  return (await Bounds.of(seen, patience.confidence)).count(sum);
}

export function countByValueApprox<T>(on: Dataset, patience: Patience): Promise<Map<T, BoundedDouble>> {
  const operator = "countByValueApprox";
  return countedWithin<T>(on, operator, patience, partitionStep(operators.countValues.ref(), operator));
}

export function countByKeyApprox<K>(on: Dataset, patience: Patience): Promise<Map<K, BoundedDouble>> {
  const operator = "countByKeyApprox";
  const count = partitionStep(operators.countValues.ref(), operator);
  return countedWithin<K>(on, operator, patience, chained(plainStep("keys", false, operator), count));
}

export async function meanApprox(on: Dataset, patience: Patience): Promise<BoundedDouble> {
  const { moments, seen } = await momentsWithin(on, "meanApprox", patience);
  return (await Bounds.of(seen, patience.confidence)).mean(moments);
}

export async function sumApprox(on: Dataset, patience: Patience): Promise<BoundedDouble> {
  const { moments, seen } = await momentsWithin(on, "sumApprox", patience);
  return (await Bounds.of(seen, patience.confidence)).sum(moments);
}

/** One record per partition. */
function partitionStep(fn: FunctionRef, operator: string): Step {
  return narrowStep("mapPartitions", fn, false, operator);
}

function partitionsWithin<R>(
  on: Dataset,
  name: string,
  patience: Patience,
  step: Step,
  add: (records: readonly R[]) => void,
): Promise<Seen> {
  return withinTime<R>(on.context, { name, target: on.take(step), sink: { kind: "collect" }, add, ...patience });
}

async function momentsWithin(on: Dataset, name: string, patience: Patience) {
  let moments = NO_MOMENTS;
  const step = partitionStep(operators.momentsOfPartition.ref(), name);
  const seen = await partitionsWithin<Moments>(on, name, patience, step, (records) => {
    for (const one of records) moments = mergeMoments(moments, one);
  });
  return { moments, seen };
}

async function countedWithin<V>(
  on: Dataset,
  name: string,
  patience: Patience,
  step: Step,
): Promise<Map<V, BoundedDouble>> {
  const counts = new KeyMap<V, number>();
  const seen = await partitionsWithin<readonly [V, number]>(on, name, patience, step, (records) => {
    for (const [value, n] of records) counts.merge(value, n, (a, b) => a + b);
  });
  const bounds = await Bounds.of(seen, patience.confidence);
  const bounded = new KeyMap<V, BoundedDouble>();
  for (const [value, n] of counts) bounded.add(value, bounds.count(n));
  return mapOnDriver(bounded, name);
}
