import { type Lineage, persisted, renderLineage } from "@millrace/plan";
import { badArgument, levelFixed } from "./errors.ts";
import { CONTEXT, INSPECT, LINEAGE, OF } from "./internals.ts";
import { ApproxActions } from "./rdd/approx-actions.ts";
import { checkLevel, StorageLevel } from "./storage-level.ts";

/**
 * The partitioned records of one batch, or of a static source. Transformations are lazy and give a new RDD; actions run
 * on the cluster and give promises. An RDD is computed anew by each action, unless it is persisted; what it has shuffled
 * is kept until its batch is done.
 *
 * Pair operations exist on RDDs of two-tuples only. Made by the engine: see `ssc.parallelize`, `ssc.textFile`,
 * `transform` and `foreachRDD`.
 */
export class RDD<out T> extends ApproxActions<T> {
  #id: number | undefined;
  #name: string | undefined;

  override [OF]<U>(lineage: Lineage): RDD<U> {
    return new RDD<U>(this[CONTEXT], lineage);
  }

  // ---- what it is

  /** Unique within the job. */
  get id(): number {
    this.#id ??= this[CONTEXT].nextRddId();
    return this.#id;
  }

  /** As `setName` was given it. */
  get name(): string | undefined {
    return this.#name;
  }

  /** Names this RDD for `toDebugString`. */
  setName(name: string): this {
    if (typeof name !== "string") throw badArgument(`the name of an RDD is a text, not ${typeof name}.`);
    this.#name = name;
    this[CONTEXT].names.set(this[LINEAGE], name);
    return this;
  }

  /**
   * This RDD and what it is made of, a line each, the last operation first; behind `+-` are those that are shuffled. Numbers
   * are those of partitions, `?` where sources have to be looked at first.
   */
  toDebugString(): string {
    const { planner, names } = this[CONTEXT];
    return renderLineage(this[LINEAGE], { layout: planner.layout(), nameOf: (node) => names.get(node) });
  }

  /** What `console.log` shows: which RDD it is. Its records are what actions are for. */
  [INSPECT](): string {
    return `RDD ${this.toDebugString().split("\n", 1).join()}`;
  }

  // ---- how it is kept

  /**
   * Computes each partition once, when an action first asks for one, and keeps it: for all actions on this RDD and on RDDs
   * that are derived from it after this call. It goes with its batch, or with the job if it was made in `build`, or by
   * `unpersist`. A partition that is lost is computed again.
   *
   * @throws LEVEL_FIXED It has another level already.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_ONLY): this {
    checkLevel(level, "persist");
    const lineage = this[LINEAGE];
    if (lineage.kind !== "persisted") {
      this[LINEAGE] = persisted(this[CONTEXT].dependency(lineage), level, "persist");
    } else if (lineage.level !== level) {
      throw levelFixed(
        "persist was called on an RDD that has another storage level already, which cannot change. Call unpersist() first.",
      );
    }
    return this;
  }

  /** As `persist()`. */
  cache(): this {
    return this.persist();
  }

  /** Lets go of what is kept of this RDD. Actions that run keep what they read until they are done. */
  unpersist(): this {
    const lineage = this[LINEAGE];
    if (lineage.kind !== "persisted") return this;
    this[CONTEXT].dropOutput(lineage.dependency);
    this[LINEAGE] = lineage.dependency.parent;
    return this;
  }

  /** `undefined`: it is not persisted. */
  get storageLevel(): StorageLevel | undefined {
    const lineage = this[LINEAGE];
    return lineage.kind === "persisted" ? lineage.level : undefined;
  }
}
