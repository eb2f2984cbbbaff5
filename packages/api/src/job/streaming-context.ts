import type { DurationLike } from "@millrace/base";
import type { Lineage } from "@millrace/plan";
import { CONTEXT_REMEDY, DRIVER_ONLY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { StreamNode } from "../graph/stream-node.ts";
import { CONTEXT, GRAPH } from "../internals.ts";
import type { StreamingListener } from "../listener/streaming-listener.ts";
import type { ShortLiteral } from "../operations/pair-types.ts";
import { transformedAll, unionOf } from "../operations/transforming.ts";
import { RDD } from "../rdd/rdd.ts";
import { StorageLevel } from "../rdd/storage-level.ts";
import type { RddTypes } from "../rdd/transformations.ts";
import { checkFlag, checkOptions } from "../refusal/check-all.ts";
import type { Accumulator, NumberAccumulator } from "../shared/accumulator.ts";
import type { AccumulatorSpec } from "../shared/accumulator-kinds.ts";
import type { Broadcast } from "../shared/broadcast.ts";
import { newCollection, newCustom, newNumbers } from "../shared/new-accumulator.ts";
import type { ByteDecoder, FileStreamOptions } from "../source/file-stream.ts";
import type { InputDStream } from "../source/input-dstream.ts";
import type { QueuedBatch, QueueOptions } from "../source/queue-stream.ts";
import type { RateOptions, RateRecord } from "../source/rate-stream.ts";
import type { Receiver } from "../source/receiver.ts";
import * as statics from "../source/static-sources.ts";
import type { MakeRecords } from "../source/stream-sources.ts";
import * as streams from "../source/stream-sources.ts";
import { DStream } from "../stream/dstream.ts";
import { JOB_STATES, type JobContext } from "./job-context.ts";

/** A stream for each type of a list, in order. */
export type StreamTypes<R extends readonly unknown[]> = { [I in keyof R]: DStream<R[I]> };

/** A job as its author sees it: it creates streams, static RDDs, and variables shared with executors. */
export class StreamingContext {
  readonly [CONTEXT]: JobContext;
  readonly [GRAPH]: GraphBuilder;

  /**
   * Created by the engine and passed to `build`.
   *
   * @internal
   */
  constructor(graph: GraphBuilder) {
    this[CONTEXT] = graph.context;
    this[GRAPH] = graph;
  }

  get [DRIVER_ONLY]() {
    return CONTEXT_REMEDY;
  }

  // ---- receivers

  /** Lines of text from a TCP server. A receiver connects to it, and reconnects with back-off when the connection is lost. */
  socketTextStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<string> {
    return this.#stream(streams.socketText(this[GRAPH], host, port, level));
  }

  /** Records that `decoder` decodes from the bytes of a TCP server, which arrive in chunks of any size. */
  socketStream<K, V>(
    host: string,
    port: number,
    decoder: ByteDecoder<readonly [K, V]>,
    level?: StorageLevel,
  ): DStream<[K, V]>;
  socketStream<E>(
    host: string,
    port: number,
    decoder: ByteDecoder<ShortLiteral<E>>,
    level?: StorageLevel,
  ): DStream<E[]>;
  socketStream<T>(host: string, port: number, decoder: ByteDecoder<T>, level?: StorageLevel): DStream<T>;
  socketStream(
    host: string,
    port: number,
    decoder: ByteDecoder<unknown>,
    level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2,
  ): DStream<unknown> {
    return this.#stream(streams.socketRecords(this[GRAPH], host, port, decoder, level));
  }

  /**
   * Records from a TCP server that sends them in the engine's own format, in blocks made with `rawBlock`. They are stored as
   * received, and decoded only when a task reads them.
   */
  rawSocketStream<K, V>(host: string, port: number, level?: StorageLevel): DStream<[K, V]>;
  rawSocketStream<T>(host: string, port: number, level?: StorageLevel): DStream<T>;
  rawSocketStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    return this.#stream(streams.rawSocket(this[GRAPH], host, port, level));
  }

  /**
   * Records of anything that can be iterated: an async generator, a Node or web stream, an array. `make` is called on an
   * executor, on a receiver's thread, and its result is read record by record, with back-pressure. After an error it is called
   * again, with back-off; after a normal end the stream has no more records.
   *
   * @param make Its argument is a signal that is aborted when the job stops, to end pending waits. `return()` of the iterator
   *   is called as well.
   * @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  iterableStream<K, V>(make: MakeRecords<readonly [K, V]>, level?: StorageLevel): DStream<[K, V]>;
  iterableStream<E>(make: MakeRecords<ShortLiteral<E>>, level?: StorageLevel): DStream<E[]>;
  iterableStream<T>(make: MakeRecords<T>, level?: StorageLevel): DStream<T>;
  iterableStream(make: MakeRecords<unknown>, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    return this.#stream(streams.iterated(this[GRAPH], make, level));
  }

  /**
   * Records of a custom receiver.
   *
   * @throws CAPTURE_NOT_SHIPPABLE (after `build`) The instance holds a value that cannot be sent.
   */
  receiverStream<T>(receiver: Receiver<T>): DStream<T> {
    return this.#stream(streams.received(this[GRAPH], receiver));
  }

  // ---- files

  /** Lines of the files that are moved into a directory; see `fileStream`. */
  textFileStream(directory: string): DStream<string> {
    return this.#stream(streams.movedText(this[GRAPH], directory));
  }

  /**
   * Records of the files that are moved into a directory, on storage that the driver and all executors share. Each file is
   * read once, in the first batch that finds it, with the content it has then: write it elsewhere and move it in complete.
   *
   * A file is new in a batch if its last change was after the job's start (unless `newFilesOnly` is false), within the time
   * of the setting `file.stream.remember` (60 s), and not after the batch's time. Files are read in no particular order.
   * Subdirectories are ignored.
   *
   * @param directory May have wildcards, which stand for directories: `logs/2026-??/{web,mail}`. They are matched in each
   *   batch.
   * @throws BAD_ARGUMENT
   */
  fileStream(
    directory: string,
    options?: FileStreamOptions & { readonly format?: "text" | undefined },
  ): DStream<string>;
  fileStream<K, V>(
    directory: string,
    options: FileStreamOptions & { readonly format: ByteDecoder<readonly [K, V]> },
  ): DStream<[K, V]>;
  fileStream<E>(
    directory: string,
    options: FileStreamOptions & { readonly format: ByteDecoder<ShortLiteral<E>> },
  ): DStream<E[]>;
  fileStream<T>(directory: string, options: FileStreamOptions & { readonly format: ByteDecoder<T> }): DStream<T>;
  fileStream(directory: string, options: FileStreamOptions = {}): DStream<unknown> {
    return this.#stream(streams.movedRecords(this[GRAPH], directory, options));
  }

  /**
   * Records of `length` bytes each from the files that are moved into a directory; see `fileStream`. A file with an
   * incomplete record fails its batch (BAD_RECORD_LENGTH). A `.gz` file is not decompressed.
   */
  binaryRecordsStream(directory: string, length: number): DStream<Uint8Array> {
    return this.#stream(streams.movedBinary(this[GRAPH], directory, length));
  }

  // ---- the driver

  /**
   * A fixed number of records per second, as `{ value, timestamp }`: numbers from 0 without gaps, each with the time at which it
   * was due. A batch has the records due in the interval before its time, even if it runs late. They are created on executors.
   *
   * @param recordsPerSecond A whole number from 1 to 1e8.
   */
  rateStream(recordsPerSecond: number, options: RateOptions = {}): DStream<RateRecord> {
    return this.#stream(streams.atRate(this[GRAPH], recordsPerSecond, options));
  }

  /** The batches of a custom source on the driver. */
  inputStream<K, V>(input: InputDStream<readonly [K, V]>): DStream<[K, V]>;
  inputStream<T>(input: InputDStream<T>): DStream<T>;
  inputStream(input: InputDStream<unknown>): DStream<unknown> {
    return this.#stream(streams.computed(this[GRAPH], input));
  }

  /**
   * Batches from an array, for tests and experiments: each batch takes the next element or, with `oneAtATime: false`, all new
   * ones. Code on the driver may push more elements while the job runs. The array is not modified, so several streams can
   * read the same one.
   */
  queueStream<K, V>(
    batches: readonly QueuedBatch<readonly [K, V]>[],
    options?: QueueOptions<readonly [K, V]>,
  ): DStream<[K, V]>;
  queueStream<T>(batches: readonly QueuedBatch<T>[], options?: QueueOptions<T>): DStream<T>;
  queueStream(batches: readonly QueuedBatch<unknown>[], options: QueueOptions<unknown> = {}): DStream<unknown> {
    return this.#stream(streams.queued(this[GRAPH], batches, options));
  }

  // ---- static RDDs

  /** The items of a collection, in order, in `numPartitions` slices of equal size. */
  parallelize<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  parallelize<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  parallelize(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    return this.#rdd(statics.parallelized(this[CONTEXT], items, numPartitions));
  }

  /** Same as `parallelize`. */
  makeRDD<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  makeRDD<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  makeRDD(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    return this.parallelize<unknown>(items, numPartitions);
  }

  /** The whole numbers from `start` up to but excluding `end`; `range(end)` begins at 0. They are created on executors. */
  range(start: number, end?: number, step = 1, numPartitions?: number): RDD<number> {
    return this.#rdd(statics.numbersFrom(this[CONTEXT], start, end, step, numPartitions));
  }

  /** An RDD without partitions. */
  emptyRDD<T = never>(): RDD<T> {
    return this.#rdd(statics.nothing());
  }

  /**
   * Lines of a file, or of all files of a directory in the order of their names. Files whose name ends in `.gz` are
   * decompressed, and have one partition each. The files are listed when the RDD is first read: if one of them changes
   * later, a batch that reads it fails (FILE_CHANGED).
   *
   * @param path May have wildcards, like that of `fileStream`, which stand for files and directories.
   * @param minPartitions The approximate number of partitions, 2 by default. There may be more: at least one per file, and
   *   several for a large file.
   * @throws INPUT_MISSING (from actions) There is no such file or directory.
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    return this.#rdd(statics.linesAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * `[path, text]` for each file of a directory, or for a single file. Files whose name ends in `.gz` are decompressed.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED, RECORD_TOO_LARGE (from actions)
   */
  wholeTextFiles(path: string, minPartitions?: number): RDD<[path: string, text: string]> {
    return this.#rdd(statics.textsAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * `[path, bytes]` for each file of a directory, or for a single file. A `.gz` file is not decompressed.
   *
   * @throws INPUT_MISSING, RECORD_TOO_LARGE (from actions)
   */
  binaryFiles(path: string, minPartitions?: number): RDD<[path: string, bytes: Uint8Array]> {
    return this.#rdd(statics.bytesAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * Records of `length` bytes each from a file, or from all files of a directory. A `.gz` file is not decompressed.
   *
   * @throws BAD_RECORD_LENGTH (from actions)
   */
  binaryRecords(path: string, length: number): RDD<Uint8Array> {
    return this.#rdd(statics.recordsAt(this[CONTEXT], path, length));
  }

  /**
   * The records written by `saveAsObjectFile`, one partition per file. Instances of the job's own classes can be read only by the
   * same job.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED (from actions)
   */
  objectFile<T>(path: string): RDD<T> {
    return this.#rdd(statics.objectsAt(this[CONTEXT], path));
  }

  /** The records of the first RDD, then those of the next ones, in order. */
  unionRDD<T>(...rdds: readonly RDD<T>[]): RDD<T> {
    return this.#rdd(statics.unionOfRdds(this[CONTEXT], rdds));
  }

  /**
   * Calls `fn` on executors with each partition of an RDD, or only with some, including empty ones. `fn` may be async.
   *
   * @returns The results of `fn`, in the order of the requested partitions.
   * @throws BAD_ARGUMENT There is no such partition.
   */
  async runJob<T, U>(
    rdd: RDD<T>,
    fn: (records: Iterable<T>) => U | Promise<U>,
    partitions?: readonly number[],
  ): Promise<U[]> {
    return statics.runJob<T, U>(this[CONTEXT], rdd, fn, partitions);
  }

  // ---- several streams

  /** The records of the first stream in a batch, then those of the next ones, in order. */
  union<T>(...streams: readonly DStream<T>[]): DStream<T> {
    return this.#stream(unionOf(streams));
  }

  /** Derives an RDD from the RDDs of several streams in each batch, on the driver; see `DStream.transform`. */
  transform<R extends readonly unknown[], U>(
    streams: readonly [...StreamTypes<R>],
    fn: (rdds: RddTypes<R>, time: number) => RDD<U> | Promise<RDD<U>>,
  ): DStream<U> {
    // One RDD for each stream, in their order.
    return this.#stream(transformedAll(streams, (rdds, time) => fn(rdds as RddTypes<R>, time)));
  }

  // ---- shared variables

  /** A read-only value that is sent to each executor once. */
  broadcast<T>(value: T): Broadcast<T> {
    return this[CONTEXT].broadcast(value);
  }

  /** A sum of whole numbers. */
  longAccumulator(name?: string): NumberAccumulator {
    return newNumbers(this[CONTEXT], "long", name);
  }

  /** A sum of numbers. */
  doubleAccumulator(name?: string): NumberAccumulator {
    return newNumbers(this[CONTEXT], "double", name);
  }

  /** A list of values, in no particular order. */
  collectionAccumulator<T>(name?: string): Accumulator<T, T[]> {
    return newCollection<T>(this[CONTEXT], name);
  }

  /**
   * A custom accumulator.
   *
   * @throws BAD_ARGUMENT A function is missing. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  accumulator<T, S, R = S>(spec: AccumulatorSpec<T, S, R>, name?: string): Accumulator<T, R> {
    return newCustom(this[CONTEXT], spec, name);
  }

  // ---- the job

  /** The default number of partitions of shuffles and collections. @throws ACTION_TOO_EARLY In `build`. */
  get defaultParallelism(): number {
    return this[CONTEXT].defaultParallelism;
  }

  /** The ms between two batches. */
  get batchInterval(): number {
    return this[GRAPH].batchIntervalMs;
  }

  /** The phase of the job: `build` is running, batches are running, or no batch follows. */
  getState(): "INITIALIZED" | "ACTIVE" | "STOPPED" {
    return JOB_STATES[this[CONTEXT].phase];
  }

  /** Adds an object that observes the job, in `build` or later. Adding it again has no effect. @throws BAD_ARGUMENT */
  addStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.add(listener);
  }

  /** Removes a listener. */
  removeStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.remove(listener);
  }

  /**
   * Keeps the RDDs of every batch for at least this long, for `slice` and for RDDs that the job uses in later batches. Windows do
   * not need it. Costs memory and disk for everything that those batches received and shuffled.
   */
  remember(duration: DurationLike): void {
    this[GRAPH].remember(duration);
  }

  /** Sets the directory of state, like `checkpointDir` of `defineJob`. */
  checkpoint(directory: string): void {
    this[GRAPH].checkpoint(directory);
  }

  /**
   * Ends the job: if `graceful`, after everything received has been processed; otherwise at once. If that cuts off a batch, such
   * as the one that called `stop`, the job ends as `killed`. Calling it again has no effect. In `build` it keeps the job from
   * starting, which is not a failure.
   *
   * @throws BAD_ARGUMENT
   */
  stop(options: { readonly graceful?: boolean } = {}): void {
    const { graceful = false } = checkOptions(options, ["graceful"], "stop");
    this[CONTEXT].stop(checkFlag(graceful, "graceful of stop"));
  }

  #rdd<T>(lineage: Lineage): RDD<T> {
    return new RDD<T>(this[CONTEXT], lineage);
  }

  #stream<T>(node: StreamNode): DStream<T> {
    return new DStream<T>(this[GRAPH], node);
  }
}
