import { KeyMap } from "@millrace/codec";
import { runAction } from "../action.ts";
import { decodeRecords } from "../collection.ts";
import { emptyCollection } from "../errors.ts";
import { CONTEXT, LINEAGE } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import type { RDD } from "../rdd.ts";
import { saveAsText } from "../save-text.ts";
import { countByValueStep, labelOf, plainStep } from "../steps.ts";
import { takeRecords } from "../take.ts";
import { PairRdd } from "./pair-rdd.ts";
import { type RddCore, ship, stepped } from "./rdd-core.ts";

/** The actions: each runs on the cluster for the batch that is under way, and gives a promise. */
export abstract class RddActions<out T> extends PairRdd<T> {
  /** All records, in partition order. They must fit the driver's memory. */
  async collect(): Promise<T[]> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const blocks = await runAction(context, { name: "collect", target, sink: { kind: "collect" } });
    const records: unknown[] = [];
    for (const block of blocks) decodeRecords(context, block, records);
    return records as T[]; // the records of this RDD
  }

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

  async isEmpty(): Promise<boolean> {
    return (await this.take(1)).length === 0;
  }

  /** Reduces all records to one. `fn` must be associative. @throws EMPTY_COLLECTION There is none. */
  async reduce(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>): Promise<Widened<T>> {
    const { [CONTEXT]: context, [LINEAGE]: target } = this;
    const ref = context.ship(fn, "reduce");
    const sink = { kind: "reduce", fn: ref, label: labelOf("reduce", ref) } as const;
    const blocks = await runAction(context, { name: "reduce", target, sink });
    const partials: unknown[] = [];
    for (const block of blocks) decodeRecords(context, block, partials);
    if (partials.length > 0) return (partials as Widened<T>[]).reduce(fn); // each is a record, or made by fn
    throw emptyCollection("reduce() was called on an RDD without records. Ask isEmpty() before.");
  }

  /** Calls `fn` for each record, on the executors; each call is awaited before the next of its partition. */
  async foreach(fn: (value: T) => unknown): Promise<void> {
    await runEach(this, "foreach", fn);
  }

  /** Calls `fn` for each partition, empty ones too, on the executors. */
  async foreachPartition(fn: (values: Iterable<T>) => unknown): Promise<void> {
    await runEach(this, "foreachPartition", fn);
  }

  /** How often each value occurs. Values must have equality by value, as keys do. */
  async countByValue(): Promise<Map<T, number>> {
    const counted = stepped<[T, number]>(this, countByValueStep(undefined));
    return new Map(await counted.collect());
  }

  /** How many values each key has. */
  countByKey(this: RDD<Pair>): Promise<Map<KeyOf<T>, number>> {
    const keys = stepped<KeyOf<T>>(this, plainStep("keys"));
    return keys.countByValue();
  }

  /** The pairs as a Map; of pairs with equal keys the last one stays. */
  async collectAsMap(this: RDD<Pair>): Promise<Map<KeyOf<T>, ValueOf<T>>> {
    const last = new KeyMap<KeyOf<T>, ValueOf<T>>();
    for (const [key, value] of await this.collect()) {
      last.set(key as KeyOf<T>, value as ValueOf<T>); // T is what this RDD has, of which `this` says only that it is pairs
    }
    return new Map(last);
  }

  /** The values of one key, in partition order. */
  async lookup(this: RDD<Pair>, key: KeyOf<T>): Promise<ValueOf<T>[]> {
    const wanted = new KeyMap<unknown, true>();
    wanted.set(key, true);
    const found: ValueOf<T>[] = [];
    for (const [k, v] of await this.collect()) if (wanted.has(k)) found.push(v as ValueOf<T>); // as in collectAsMap
    return found;
  }

  /**
   * Writes one `part-00000` file per partition, and `_SUCCESS`: a string as it is, anything else as a line of JSON. The
   * directory appears when it is complete.
   *
   * @throws OUTPUT_EXISTS There is something at `path` already.
   */
  saveAsTextFile(path: string): Promise<void> {
    return saveAsText(this[CONTEXT], this[LINEAGE], path);
  }

  /** How many partitions there are; a promise, since sources may have to be looked at first. */
  async getNumPartitions(): Promise<number> {
    return this[CONTEXT].partitionsOf(this[LINEAGE]);
  }
}

async function runEach(rdd: RddCore<unknown>, kind: "foreach" | "foreachPartition", fn: unknown): Promise<void> {
  const ref = ship(rdd, fn, kind);
  const sink = { kind, fn: ref, label: labelOf(kind, ref) } as const;
  await runAction(rdd[CONTEXT], { name: kind, target: rdd[LINEAGE], sink });
}
