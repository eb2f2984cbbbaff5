import { type FunctionRef, type JobFunction, operators } from "@millrace/operators";
import { type NarrowKind, shuffled } from "@millrace/plan";
import type { ShuffleOptions } from "../partition/partitioner.ts";
import { checkPartitions } from "../refusal/check-all.ts";
import type { Carrier } from "./carrier.ts";
import { chained, labelOf, narrowStep, plainStep, type Step, shuffleStep } from "./steps.ts";

// Operations on single records or whole partitions, and their distribution over partitions.

/** The result of a function of partitions. */
export type PartitionResult<U> = Iterable<U> | AsyncIterable<U> | Promise<Iterable<U> | AsyncIterable<U>>;

/** A key function of the author, whose types have been checked by its method. */
export type Key = JobFunction<[record: unknown]>;

/** The operations that consist of a function of the author: `map`, `filter`, `mapValues` … */
export function narrow<R>(on: Carrier<R>, kind: NarrowKind, fn: unknown, keepsPartitioning?: boolean): R {
  const ref = on.ship(fn, kind);
  return on.take(narrowStep(kind, ref, keepsPartitioning), labelOf(kind, ref));
}

export function filterMap<R>(on: Carrier<R>, fn: unknown): R {
  const operator = "filterMap";
  const ref = on.ship(fn, operator);
  const map = narrowStep("map", ref, false, operator);
  const defined = narrowStep("filter", operators.isDefined.ref(), false, operator);
  return on.take(chained(map, defined), labelOf(operator, ref));
}

export function glom<R>(on: Carrier<R>): R {
  return on.take(plainStep("glom"), "glom");
}

/** `[key(record), record]`. */
export function keyByStep(ref: FunctionRef, key: Key, operator: string): Step {
  const fn = operators.keyBy.ref(() => [key], ref.site);
  return narrowStep("map", fn, false, operator);
}

export function keyBy<R>(on: Carrier<R>, key: Key): R {
  return on.take(keyByStep(on.ship(key, "keyBy"), key, "keyBy"), "keyBy");
}

export function groupBy<R, K>(on: Carrier<R>, key: Key, options: ShuffleOptions<K> | undefined): R {
  const operator = "groupBy";
  const keyed = keyByStep(on.ship(key, operator), key, operator);
  return on.take(
    chained(keyed, shuffleStep({ kind: "group" }, on.partitioning(options, operator), operator)),
    operator,
  );
}

export function repartition<R>(on: Carrier<R>, numPartitions: number): R {
  return on.take(repartitionStep(checkPartitions(numPartitions, "repartition")), "repartition");
}

export function repartitionStep(partitions: number): Step {
  return (parent, at) =>
    shuffled(at.dependency(parent), { kind: "roundRobin", partitions }, { kind: "none" }, "repartition");
}
