import { naming } from "@millrace/base";
import { hashKey, KeyMap, partitionOf } from "@millrace/codec";
import { operators } from "@millrace/operators";
import type { Lineage, ResolvedPartitioning } from "@millrace/plan";
import { resolveSources } from "../action.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import type { JobContext } from "../job-context.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import type { RDD } from "../rdd.ts";
import { rddSteps } from "../rdd-steps.ts";
import { countByValueStep, narrowStep, plainStep } from "../steps.ts";
import { collected, collectedAfter } from "./collected.ts";
import { mapOnDriver } from "./driver-map.ts";
import { OrderActions } from "./order-actions.ts";
import { ship, stepped } from "./rdd-core.ts";

/** The actions of RDDs of two-tuples. */
export abstract class PairActions<out T> extends OrderActions<T> {
  /** How many values each key has. */
  async countByKey(this: RDD<Pair>): Promise<Map<KeyOf<T>, number>> {
    const operator = "countByKey";
    const keys = stepped<KeyOf<T>>(this, plainStep("keys", false, operator));
    const counted = await collectedAfter<[KeyOf<T>, number]>(keys, operator, countByValueStep(undefined, operator));
    return mapOnDriver(counted, operator);
  }

  /** The pairs as a Map; of pairs with equal keys the last one stays. */
  async collectAsMap(this: RDD<Pair>): Promise<Map<KeyOf<T>, ValueOf<T>>> {
    const last = new KeyMap<KeyOf<T>, ValueOf<T>>();
    const step = narrowStep("mapValues", operators.identity.ref(), true, "collectAsMap"); // refuses what is no pair
    const pairs = await collectedAfter<[KeyOf<T>, ValueOf<T>]>(this, "collectAsMap", step);
    naming("collectAsMap", () => {
      for (const [key, value] of pairs) last.set(key, value);
    });
    return mapOnDriver(last, "collectAsMap");
  }

  /**
   * Reduces the values of each key to one and gives them as a Map: without a shuffle, for few keys. `fn` must be
   * associative.
   */
  async reduceByKeyLocally(
    this: RDD<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
  ): Promise<Map<KeyOf<T>, Widened<ValueOf<T>>>> {
    const operator = "reduceByKeyLocally";
    const { site } = ship(this, fn, operator);
    const step = narrowStep(
      "mapPartitions",
      operators.reducePartition.ref(() => [fn], site),
      false,
      operator,
    );
    const all = new KeyMap<KeyOf<T>, Widened<ValueOf<T>>>();
    for (const [key, value] of await collectedAfter<[KeyOf<T>, Widened<ValueOf<T>>]>(this, operator, step)) {
      all.merge(key, value, (a, b) => fn(a, b));
    }
    return mapOnDriver(all, operator);
  }

  /**
   * The values of one key, in partition order. Looks at a single partition where it is known how the pairs are placed.
   *
   * @throws KEY_NOT_COMPARABLE
   */
  async lookup(this: RDD<Pair>, key: KeyOf<T>): Promise<ValueOf<T>[]> {
    naming("lookup", () => hashKey(key)); // refuses what is no key before anything runs
    const context = this[CONTEXT];
    context.requireBatch("lookup");
    const at = rddSteps(context);
    const wanted = narrowStep(
      "filter",
      operators.hasKey.ref(() => [key]),
      true,
      "lookup",
    );
    const target = plainStep("values")(wanted(this[LINEAGE], at), at);
    const partition = await partitionWith(context, this[LINEAGE], key);
    return collected<ValueOf<T>>(this, "lookup", target, partition === undefined ? undefined : [partition]);
  }
}

/** The only partition in which a key can be, if that is known. */
async function partitionWith(context: JobContext, target: Lineage, key: unknown): Promise<number | undefined> {
  await resolveSources(context, target);
  const placed = context.planner.layout().partitioningOf(target);
  return placed === undefined ? undefined : placeOf(placed, key);
}

export function placeOf(placed: ResolvedPartitioning, key: unknown): number | undefined {
  if (placed.kind === "hash") return partitionOf(key, placed.partitions);
  const place = placed.partitioner?.place(key);
  return place !== undefined && Number.isInteger(place) && place >= 0 && place < placed.partitions ? place : undefined;
}
