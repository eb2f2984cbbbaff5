import { resolveSources, runAction } from "../action.ts";
import { decodeRecords } from "../collection.ts";
import { emptyCollection } from "../errors.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import { type Partitioner, partitionerOf } from "../partitioner.ts";
import { objectFormat, type SaveTextOptions, saveRecords, textFormat } from "../save-records.ts";
import { labelOf } from "../steps.ts";
import { takeRecords } from "../take.ts";
import { collected } from "./collected.ts";
import { type RddCore, ship } from "./rdd-core.ts";
import { SortedRdd } from "./sorted-rdd.ts";

/** The actions that any RDD has: each runs on the cluster for the batch that is under way, and gives a promise. */
export abstract class RddActions<out T> extends SortedRdd<T> {
  /** All records, in partition order. They must fit the driver's memory. */
  collect(): Promise<T[]> {
    return collected<T>(this, "collect");
  }

  /** All records, in partition order, of which the driver holds one partition at a time. Takes a job for each partition. */
  async *toLocalIterator(): AsyncGenerator<T, void, undefined> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    context.requireBatch("toLocalIterator");
    const partitions = await context.partitionsOf(target);
    for (let p = 0; p < partitions; p += 1) yield* await collected<T>(this, "toLocalIterator", target, [p]);
  }

  /** How many records there are. */
  async count(): Promise<number> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const blocks = await runAction(context, { name: "count", target, sink: { kind: "count" } });
    let sum = 0;
    for (const block of blocks) for (const n of decodeRecords(context, block)) sum += n as number; // the sink's records
    return sum;
  }

  /** The first `n` records, in partition order. Looks at a few partitions first, if there are many. */
  async take(n: number): Promise<T[]> {
    return (await takeRecords(this[CONTEXT], this[LINEAGE], n)) as T[]; // the records of this RDD
  }

  /** The first record. @throws EMPTY_COLLECTION There is none. */
  async first(): Promise<T> {
    const records = await this.take(1);
    if (records.length > 0) return records[0] as T; // just checked to be there
    throw emptyCollection("first() was called on an RDD without records. Ask isEmpty() before, or use take(1).");
  }

  /** Whether there is no record. Looks at few partitions, as `take(1)` does. */
  async isEmpty(): Promise<boolean> {
    return (await this.take(1)).length === 0;
  }

  /** Calls `fn` for each record, on the executors; each call is awaited before the next of its partition. */
  async foreach(fn: (value: T) => unknown): Promise<void> {
    await runEach(this, "foreach", fn);
  }

  /** Calls `fn` for each partition, empty ones too, on the executors. */
  async foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    await runEach(this, "foreachPartition", fn);
  }

  /**
   * Writes one `part-00000` file per partition, and `_SUCCESS`: a string as it is, anything else as a line of JSON. The
   * directory appears when it is complete.
   *
   * @throws OUTPUT_EXISTS There is something at `path` already.
   */
  async saveAsTextFile(path: string, options: SaveTextOptions = {}): Promise<void> {
    await saveRecords(this[CONTEXT], this[LINEAGE], path, textFormat(options, "saveAsTextFile"));
  }

  /** As `saveAsTextFile`, in the engine's own format, which keeps what records are: read it with `ssc.objectFile`. */
  async saveAsObjectFile(path: string): Promise<void> {
    await saveRecords(this[CONTEXT], this[LINEAGE], path, objectFormat("saveAsObjectFile"));
  }

  /** How many partitions there are; a promise, since sources may have to be looked at first. */
  async getNumPartitions(): Promise<number> {
    return this[CONTEXT].partitionsOf(this[LINEAGE]);
  }

  /** How the pairs are placed by their keys, if they are; a promise, as for `getNumPartitions`. */
  async getPartitioner(): Promise<Partitioner<unknown> | undefined> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    await resolveSources(context, target);
    return partitionerOf(context.planner.layout().partitioningOf(target));
  }
}

async function runEach(rdd: RddCore<unknown>, kind: "foreach" | "foreachPartition", fn: unknown): Promise<void> {
  const ref = ship(rdd, fn, kind);
  const sink = { kind, fn: ref, label: labelOf(kind, ref) } as const;
  await runAction(rdd[CONTEXT], { name: kind, target: rdd[LINEAGE], sink });
}
