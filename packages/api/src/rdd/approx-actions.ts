import type { DurationLike } from "@millrace/base";
import { KeyMap } from "@millrace/codec";
import { type FunctionRef, type Moments, mergeMoments, NO_MOMENTS, operators } from "@millrace/operators";
import { type BoundedDouble, boundedCount, boundedMean, boundedSum, type Seen } from "../approx/bounded-double.ts";
import { type Patience, withinTime } from "../approx/within-time.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import type { KeyOf, Pair } from "../pair-types.ts";
import type { RDD } from "../rdd.ts";
import { rddSteps } from "../rdd-steps.ts";
import { narrowStep, plainStep } from "../steps.ts";
import { mapOnDriver } from "./driver-map.ts";
import { NumberActions } from "./number-actions.ts";
import { type RddCore, stepped } from "./rdd-core.ts";

/**
 * Actions that give what they have after some time: bounds between which the result lies with a probability. Partitions
 * are looked at in their order, so the bounds hold as far as those that were seen are like the others. What all
 * partitions were seen for is exact.
 */
export abstract class ApproxActions<out T> extends NumberActions<T> {
  /** @param timeout For example `"500ms"`. @param confidence The probability, from 0 to 1. */
  async countApprox(timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    let sum = 0;
    const seen = await withinTime<number>(this[CONTEXT], {
      name: "countApprox",
      target: this[LINEAGE],
      sink: { kind: "count" },
      timeout,
      confidence,
      add: (counts) => {
        for (const n of counts) sum += n;
      },
    });
    return boundedCount(sum, seen, confidence);
  }

  /** How often each value occurs, of those that were seen. See `countApprox`. */
  countByValueApprox(timeout: DurationLike, confidence = 0.95): Promise<Map<T, BoundedDouble>> {
    return countedByValue<T>(this, "countByValueApprox", { timeout, confidence });
  }

  /** How many values each key has, of those that were seen. See `countApprox`. */
  countByKeyApprox(this: RDD<Pair>, timeout: DurationLike, confidence = 0.95): Promise<Map<KeyOf<T>, BoundedDouble>> {
    const keys = stepped<KeyOf<T>>(this, plainStep("keys", false, "countByKeyApprox"));
    return countedByValue<KeyOf<T>>(keys, "countByKeyApprox", { timeout, confidence });
  }

  /** See `countApprox`. */
  async meanApprox(this: RDD<number>, timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    const { moments, seen } = await momentsWithin(this, "meanApprox", { timeout, confidence });
    return boundedMean(moments, seen, confidence);
  }

  /** See `countApprox`. */
  async sumApprox(this: RDD<number>, timeout: DurationLike, confidence = 0.95): Promise<BoundedDouble> {
    const { moments, seen } = await momentsWithin(this, "sumApprox", { timeout, confidence });
    return boundedSum(moments, seen, confidence);
  }
}

/** One step for each partition, within the time. */
function partitionsWithin<R>(
  rdd: RddCore<unknown>,
  name: string,
  patience: Patience,
  fn: FunctionRef,
  add: (records: readonly R[]) => void,
): Promise<Seen> {
  const context = rdd[CONTEXT];
  const target = narrowStep("mapPartitions", fn, false, name)(rdd[LINEAGE], rddSteps(context));
  return withinTime<R>(context, { name, target, sink: { kind: "collect" }, add, ...patience });
}

async function momentsWithin(rdd: RddCore<unknown>, name: string, patience: Patience) {
  let moments = NO_MOMENTS;
  const seen = await partitionsWithin<Moments>(rdd, name, patience, operators.momentsOfPartition.ref(), (records) => {
    for (const one of records) moments = mergeMoments(moments, one);
  });
  return { moments, seen };
}

async function countedByValue<V>(
  rdd: RddCore<unknown>,
  name: string,
  patience: Patience,
): Promise<Map<V, BoundedDouble>> {
  const counts = new KeyMap<V, number>();
  const seen = await partitionsWithin<readonly [V, number]>(
    rdd,
    name,
    patience,
    operators.countValues.ref(),
    (records) => {
      for (const [value, n] of records) counts.merge(value, n, (a, b) => a + b);
    },
  );
  const bounded = new KeyMap<V, BoundedDouble>();
  for (const [value, n] of counts) bounded.add(value, boundedCount(n, seen, patience.confidence));
  return mapOnDriver(bounded, name);
}
