import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import { partitioningOf, type ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import { isRdd, lineageIn, rddSteps } from "../rdd-steps.ts";
import { mergeStep } from "../steps.ts";
import { subtractStep, whenLaidOut } from "./laid-out.ts";
import { PairRdd } from "./pair-rdd.ts";
import { merged, type RddCore } from "./rdd-core.ts";

/** What an RDD with keys of type `K` can be joined with. */
export type OtherPairs<K, W> = RDD<readonly [Widened<K>, W]>;

/**
 * What brings the pairs of several RDDs together by key. RDDs that are placed alike, by the same number of partitions or
 * by equal partitioners, are not shuffled.
 */
export abstract class JoinRdd<out T> extends PairRdd<T> {
  /** `[key, [values here, values there, …]]` for each key that any has; one to three others. */
  cogroup<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]>;
  cogroup<W, X>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[]]]>;
  cogroup<W, X, Y>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    third: OtherPairs<KeyOf<T>, Y>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[], Y[]]]>;
  cogroup(...given: readonly (RDD<unknown> | ShuffleOptions<KeyOf<T>> | undefined)[]): RDD<never> {
    return cogrouped(this, given, "cogroup");
  }

  /** As `cogroup`, without options. */
  groupWith<W>(this: RDD<Pair>, other: OtherPairs<KeyOf<T>, W>): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[]]]>;
  groupWith<W, X>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[]]]>;
  groupWith<W, X, Y>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    another: OtherPairs<KeyOf<T>, X>,
    third: OtherPairs<KeyOf<T>, Y>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T>[], W[], X[], Y[]]]>;
  groupWith(...others: readonly RDD<unknown>[]): RDD<never> {
    return cogrouped(this, others, "groupWith");
  }

  /** `[key, [value here, value there]]` for each combination of values with the same key. */
  join<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W]]> {
    return merged(this, other, "inner", options);
  }

  /** As `join`, and `[value, undefined]` for keys that the other has not. */
  leftOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, [ValueOf<T>, W | undefined]]> {
    return merged(this, other, "left", options);
  }

  /** As `join`, and `[undefined, value]` for keys that only the other has. */
  rightOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W]]> {
    return merged(this, other, "right", options);
  }

  /** As `join`, and `undefined` for the side that does not have the key. */
  fullOuterJoin<W>(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, W>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[Widened<KeyOf<T>>, [ValueOf<T> | undefined, W | undefined]]> {
    return merged(this, other, "full", options);
  }

  /** The pairs whose key the other does not have. Placed as this RDD is, unless `options` say more. */
  subtractByKey(
    this: RDD<Pair>,
    other: OtherPairs<KeyOf<T>, unknown>,
    options?: ShuffleOptions<KeyOf<T>>,
  ): RDD<[KeyOf<T>, ValueOf<T>]> {
    const operator = "subtractByKey";
    const context = this[CONTEXT];
    const given = partitioningOf(options, operator, context);
    const others = lineageIn(context, other, operator);
    return whenLaidOut(this, operator, [others], (own, layout, at) => {
      const placed = given ?? layout.partitioningOf(own) ?? { kind: "hash", partitions: layout.partitions(own) };
      return subtractStep(placed, operator)([own, others], at);
    });
  }
}

function cogrouped(rdd: RddCore<unknown>, given: readonly unknown[], operator: string): RDD<never> {
  const context = rdd[CONTEXT];
  const last = given.at(-1);
  // The last one may be options; what else is no RDD is refused where it is read.
  const options = isRdd(last) ? undefined : (last as ShuffleOptions<unknown> | undefined);
  const others = given.filter((one, i) => i === 0 || i < given.length - 1 || isRdd(one));
  const step = mergeStep("cogroup", partitioningOf(options, operator, context), operator);
  const parents = [rdd[LINEAGE], ...others.map((other) => lineageIn(context, other, operator))];
  return rdd[OF](step(parents, rddSteps(context)));
}
