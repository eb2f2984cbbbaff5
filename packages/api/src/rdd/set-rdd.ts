import { operators } from "@millrace/operators";
import { union } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import { CONTEXT, LINEAGE, OF } from "../internals.ts";
import type { AnyKey, ShortLiteral } from "../pair-types.ts";
import type { ShuffleOptions } from "../partitioner.ts";
import type { RDD } from "../rdd.ts";
import { lineageIn, type PartitionResult, rddSteps } from "../rdd-steps.ts";
import { checkFraction, sampleStep, seedOf, splitSteps } from "../sample-steps.ts";
import {
  checkCount,
  checkPartitions,
  distinctStep,
  mergeStep,
  narrowStep,
  plainStep,
  repartitionStep,
} from "../steps.ts";
import { besides, indexed, subtractStep, whenLaidOut } from "./laid-out.ts";
import { partitioning, ship, stepped } from "./rdd-core.ts";
import { RecordRdd } from "./record-rdd.ts";

/** An RDD for each type of a list, in its order. */
export type RddTypes<R extends readonly unknown[]> = { readonly [I in keyof R]: RDD<R[I]> };
/** The records of a partition for each type of a list, in its order. */
export type Iterables<R extends readonly unknown[]> = { [I in keyof R]: Iterable<R[I]> };

/** The transformations of RDDs as wholes: how they are cut into partitions, and what several of them have in common. */
export abstract class SetRdd<out T> extends RecordRdd<T> {
  // ---- partitions

  /** Spreads the records evenly over `numPartitions`, by a full shuffle. */
  repartition(numPartitions: number): RDD<T> {
    return stepped(this, repartitionStep(checkPartitions(numPartitions, "repartition")));
  }

  /**
   * Brings neighbouring partitions together into at most `numPartitions`, each of about as many, without a shuffle.
   *
   * @param shuffle As `repartition`: the partitions become even, and may be more than before.
   */
  coalesce(numPartitions: number, shuffle = false): RDD<T> {
    const partitions = checkPartitions(numPartitions, "coalesce");
    if (shuffle) return stepped(this, repartitionStep(partitions));
    return this[OF]({ kind: "coalesced", parent: this[LINEAGE], partitions });
  }

  // ---- several RDDs

  /** The records of this RDD, then those of the others; duplicates stay. */
  union<U>(...others: readonly RDD<U>[]): RDD<T | U> {
    const parents = [this[LINEAGE], ...others.map((other) => lineageIn(this[CONTEXT], other, "union"))];
    return this[OF](union(parents));
  }

  /** The values that both have, each once. Values must have equality by value, as keys do. */
  intersection(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    const context = this[CONTEXT];
    const pair = narrowStep("map", operators.pairWithNull.ref(), false, "intersection");
    const both = narrowStep("filter", operators.onEverySide.ref(), true, "intersection");
    const merge = mergeStep("cogroup", partitioning(this, options, "intersection"), "intersection");
    const at = rddSteps(context);
    const parents = [this[LINEAGE], lineageIn(context, other, "intersection")].map((parent) => pair(parent, at));
    return this[OF](plainStep("keys")(both(merge(parents, at), at), at));
  }

  /** The records whose value the other does not have; duplicates stay. Partitions as this one has, unless `options` say more. */
  subtract(other: RDD<T>, options?: ShuffleOptions<T>): RDD<T> {
    const placed = partitioning(this, options, "subtract");
    const pair = narrowStep("map", operators.pairWithNull.ref(), false, "subtract");
    const others = lineageIn(this[CONTEXT], other, "subtract");
    return whenLaidOut(this, "subtract", [others], (parent, layout, at) => {
      const subtract = subtractStep(placed ?? { kind: "hash", partitions: layout.partitions(parent) }, "subtract");
      return plainStep("keys")(subtract([pair(parent, at), pair(others, at)], at), at);
    });
  }

  /** `[record here, record there]` for each combination: n × m partitions, each of n and m read that often. */
  cartesian<U>(other: RDD<U>): RDD<[T, U]> {
    const right = lineageIn(this[CONTEXT], other, "cartesian");
    return this[OF]({ kind: "cartesian", left: this[LINEAGE], right });
  }

  /**
   * Each value once. Values must have equality by value, as keys do. Pairs that were placed by key already are not moved.
   */
  distinct(options?: ShuffleOptions<T>): RDD<T> {
    const given = partitioning(this, options, "distinct");
    const spread = distinctStep(given);
    return whenLaidOut(this, "distinct", [], (parent, layout, at) => {
      const placed = layout.partitioningOf(parent);
      const fits = given === undefined || (given.kind === "hash" && given.partitions === placed?.partitions);
      return placed !== undefined && fits ? distinctStep(placed, true)(parent, at) : spread(parent, at);
    });
  }

  // ---- side by side

  /**
   * `[record here, record there]` for records at the same place. Both must have as many partitions, and as many records
   * in each.
   *
   * @throws PARTITIONS_DIFFER (from actions) They have not as many partitions.
   */
  zip<U>(other: RDD<U>): RDD<[T, U]> {
    return this[OF](besides(this, [other], { fn: undefined, keepsPartitioning: false, operator: "zip" }));
  }

  /**
   * Applies `fn` to partitions of several RDDs, one to three others, side by side; empty ones too. It may be async.
   *
   * @param preservesPartitioning The function leaves the keys of this RDD where they are.
   * @throws PARTITIONS_DIFFER (from actions) They have not as many partitions.
   */
  zipPartitions<R extends readonly unknown[], K extends AnyKey, V>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => PartitionResult<readonly [K, V]>,
    preservesPartitioning?: boolean,
  ): RDD<[K, V]>;
  zipPartitions<R extends readonly unknown[], E>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => PartitionResult<ShortLiteral<E>>,
    preservesPartitioning?: boolean,
  ): RDD<E[]>;
  zipPartitions<R extends readonly unknown[], U>(
    others: readonly [...RddTypes<R>],
    fn: (mine: Iterable<T>, ...theirs: Iterables<R>) => PartitionResult<U>,
    preservesPartitioning?: boolean,
  ): RDD<U>;
  zipPartitions(others: readonly RDD<unknown>[], fn: unknown, preservesPartitioning = false): RDD<unknown> {
    if (!Array.isArray(others)) throw badArgument("zipPartitions takes an array of one to three RDDs, and a function.");
    checkCount(others.length, "the number of RDDs given to zipPartitions", 1, 3);
    const operator = "zipPartitions";
    const ref = ship(this, fn, operator);
    return this[OF](besides(this, others, { fn: ref, keepsPartitioning: preservesPartitioning, operator }));
  }

  // ---- chance

  /**
   * A part of the records, each drawn by itself: with probability `fraction`, or, `withReplacement`, `fraction` times on
   * average.
   *
   * @param seed The same seed draws the same of the same partitions. Without one each batch draws otherwise, and the same
   *   when it is run again.
   */
  sample(withReplacement: boolean, fraction: number, seed?: number): RDD<T> {
    checkFraction(fraction, withReplacement, "the fraction of sample");
    return stepped(this, sampleStep(withReplacement, fraction, seedOf(this[CONTEXT], seed, "sample")));
  }

  /** As many RDDs as there are weights, which share the records by chance in proportion to those. `seed` as for `sample`. */
  randomSplit(weights: readonly number[], seed?: number): RDD<T>[] {
    return splitSteps(weights, seedOf(this[CONTEXT], seed, "randomSplit")).map((step) => stepped<T>(this, step));
  }

  // ---- numbers for records

  /**
   * `[record, n]`: the records in partition order, counted from 0. With more than one partition it takes a job that counts
   * the records of all but the last, when the result is first needed.
   */
  zipWithIndex(): RDD<[T, number]> {
    return this[OF](indexed(this));
  }

  /** `[record, n]` with numbers that are unique: record i of partition k of n has `i * n + k`. Takes no job. */
  zipWithUniqueId(): RDD<[T, number]> {
    return whenLaidOut(this, "zipWithUniqueId", [], (parent, layout, at) => {
      const partitions = layout.partitions(parent);
      const fn = operators.zipWithUniqueId.ref(() => [partitions]);
      return narrowStep("number", fn, false, "zipWithUniqueId")(parent, at);
    });
  }
}
