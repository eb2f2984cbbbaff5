import { RECORD_BYTES_MAX } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type Lineage, source, union } from "@millrace/plan";
import { partitionsOf } from "../action/action.ts";
import { badArgument } from "../errors.ts";
import { CONTEXT } from "../internals.ts";
import { collected } from "../operations/collecting.ts";
import { Dataset, lineageIn } from "../operations/dataset.ts";
import { labelOf, narrowStep } from "../operations/steps.ts";
import { RDD } from "../rdd/rdd.ts";
import { checkAll, checkCount, checkPartitions } from "../refusal/check-all.ts";
import { collectionSource } from "./collection.ts";
import { numberRange } from "./number-range.ts";
import { objectFiles, recordFiles, textFiles, wholeFiles } from "./static-files.ts";
import { checkPath, StreamSources } from "./stream-sources.ts";

/** Static RDDs: the part of `StreamingContext` that creates them. */
export abstract class StaticSources extends StreamSources {
  // ---- static RDDs

  /** The items of a collection of the driver, in order, in `numPartitions` equal slices. */
  parallelize<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  parallelize<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  parallelize(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    if (items === null || items === undefined || typeof items[Symbol.iterator] !== "function") {
      throw badArgument("parallelize takes an array or another iterable.");
    }
    const partitions = given(numPartitions, "parallelize");
    const list = Array.isArray(items) ? items : [...items];
    return this.#rdd(collectionSource(this[CONTEXT], list, { partitions, label: "parallelize" }));
  }

  /** Same as `parallelize`. */
  makeRDD<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  makeRDD<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  makeRDD(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    return this.parallelize<unknown>(items, numPartitions);
  }

  /**
   * The whole numbers from `start` up to but excluding `end`; `range(end)` begins at 0. They are created on executors.
   */
  range(start: number, end?: number, step = 1, numPartitions?: number): RDD<number> {
    const [from, to] = end === undefined ? [0, start] : [start, end];
    if (![from, to, step].every(Number.isSafeInteger) || step === 0) {
      throw badArgument(
        `range takes whole numbers up to 2^53 - 1, and a step that is not 0; it was given ${from}, ${to} and a step of ${step}.`,
      );
    }
    const length = Math.max(0, Math.ceil((to - from) / step));
    return this.#rdd(numberRange(this[CONTEXT], { from, step, length }, given(numPartitions, "range")));
  }

  /** An RDD without partitions. */
  emptyRDD<T = never>(): RDD<T> {
    return this.#rdd(source("blocks", [], "emptyRDD"));
  }

  /**
   * Lines of a file, or of all files of a directory in order of their names. Files whose name ends in `.gz` are
   * decompressed; they have one partition each. The files are those that existed when the RDD was first read: if one
   * changes after that, the batch that reads it fails (FILE_CHANGED).
   *
   * @param path For all operations that read files: wildcards as in `fileStream` match files and directories.
   * @param minPartitions Approximate number of partitions: more for many files, as each has at least one, and for large
   *   ones. Default 2.
   * @throws INPUT_MISSING (from actions) Nothing exists there.
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    const { where, least } = filesOf(path, minPartitions, "textFile");
    return this.#rdd(textFiles(this[CONTEXT], where, least));
  }

  /**
   * `[path, text]` for each file of a directory, or for a file. Files whose name ends in `.gz` are decompressed.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED, RECORD_TOO_LARGE (from actions)
   */
  wholeTextFiles(path: string, minPartitions?: number): RDD<[path: string, text: string]> {
    const operator = "wholeTextFiles";
    const { where, least } = filesOf(path, minPartitions, operator);
    return this.#rdd(wholeFiles(this[CONTEXT], where, "readText", least));
  }

  /**
   * `[path, bytes]` for each file of a directory, or for a file. Bytes are unchanged: a `.gz` is not decompressed.
   *
   * @throws INPUT_MISSING, RECORD_TOO_LARGE (from actions)
   */
  binaryFiles(path: string, minPartitions?: number): RDD<[path: string, bytes: Uint8Array]> {
    const operator = "binaryFiles";
    const { where, least } = filesOf(path, minPartitions, operator);
    return this.#rdd(wholeFiles(this[CONTEXT], where, "readBytes", least));
  }

  /**
   * Records of `length` bytes each from a file, or from all files of a directory. A `.gz` is not decompressed.
   *
   * @throws BAD_RECORD_LENGTH (from actions)
   */
  binaryRecords(path: string, length: number): RDD<Uint8Array> {
    const operator = "binaryRecords";
    const { where, recordBytes } = checkAll(operator, {
      where: () => at(path, operator),
      recordBytes: () => checkCount(length, `the length of records of ${operator}`, 1, RECORD_BYTES_MAX),
    });
    return this.#rdd(recordFiles(this[CONTEXT], where, recordBytes));
  }

  /**
   * The records written by `saveAsObjectFile`, one partition per file. Instances of the job's classes can be read only
   * by the same job.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED (from actions)
   */
  objectFile<T>(path: string): RDD<T> {
    return this.#rdd(objectFiles(this[CONTEXT], at(path, "objectFile")));
  }

  /** The records of each RDD in turn. */
  unionRDD<T>(...rdds: readonly RDD<T>[]): RDD<T> {
    return this.#rdd(union(rdds.map((rdd) => lineageIn(this[CONTEXT], rdd, "unionRDD"))));
  }

  /**
   * Calls `fn` with each partition of an RDD, or with some of them, on executors; including empty ones. Returns the
   * results, in the requested order. `fn` may be async.
   *
   * @throws BAD_ARGUMENT There is no such partition.
   */
  async runJob<T, U>(
    rdd: RDD<T>,
    fn: (records: Iterable<T>) => U | Promise<U>,
    partitions?: readonly number[],
  ): Promise<U[]> {
    const operator = "runJob";
    const context = this[CONTEXT];
    const parent = lineageIn(context, rdd, operator);
    const ref = operators.wholePartition.ref(() => [fn], context.ship(fn, operator).site);
    context.requireBatch(operator);
    const on = new Dataset(context, parent);
    const target = on.take(narrowStep("mapPartitions", ref, false, operator));
    if (partitions === undefined) return collected<U>(on, operator, target);
    const total = await partitionsOf(context, parent);
    for (const one of partitions) checkCount(one, `a partition of ${labelOf(operator, ref)}`, 0, total - 1);
    const ascending = [...new Set(partitions)].sort((a, b) => a - b);
    const results = await collected<U>(on, operator, target, ascending);
    return partitions.map((one) => results[ascending.indexOf(one)] as U); // one for each requested partition
  }

  #rdd<T>(lineage: Lineage): RDD<T> {
    return new RDD<T>(this[CONTEXT], lineage);
  }
}

function at(path: string, operator: string) {
  return { operator, path: checkPath(path, operator) };
}

function filesOf(path: string, minPartitions: number | undefined, operator: string) {
  return checkAll(operator, { where: () => at(path, operator), least: () => given(minPartitions, operator) });
}

function given(partitions: number | undefined, operator: string): number | undefined {
  return partitions === undefined ? undefined : checkPartitions(partitions, operator);
}
