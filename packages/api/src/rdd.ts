import type { Lineage } from "@millrace/plan";
import { CONTEXT, OF } from "./internals.ts";
import { RddActions } from "./rdd/rdd-actions.ts";

/**
 * The partitioned records of one batch, or of a static source. Transformations are lazy and give a new RDD; actions run
 * on the cluster and give promises. An RDD is computed anew by each action, but what it has shuffled is kept until its
 * batch is done.
 *
 * Pair operations exist on RDDs of two-tuples only. Made by the engine: see `ssc.parallelize`, `ssc.textFile`,
 * `transform` and `foreachRDD`.
 */
export class RDD<out T> extends RddActions<T> {
  override [OF]<U>(lineage: Lineage): RDD<U> {
    return new RDD<U>(this[CONTEXT], lineage);
  }
}
