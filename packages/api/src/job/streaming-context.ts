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

/** A stream for each type of a list, in its order. */
export type StreamTypes<R extends readonly unknown[]> = { [I in keyof R]: DStream<R[I]> };

/** The job as its author sees it: sources of streams, static RDDs, and variables shared with executors. */
export class StreamingContext {
  readonly [CONTEXT]: JobContext;
  readonly [GRAPH]: GraphBuilder;

  /**
   * Made by the engine and handed to `build`.
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

  /** Lines of text from a TCP server: a receiver connects to it, and again with growing pauses when it is down. */
  socketTextStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<string> {
    return this.#stream(streams.socketText(this[GRAPH], host, port, level));
  }

  /** Records from a TCP server, as `decoder` makes them of its bytes, which come in chunks of any size. */
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
   * Records from a TCP server that sends them as the engine keeps them, in blocks that `rawBlock` made. They are stored as
   * they come: nothing is decoded before a task reads it.
   */
  rawSocketStream<K, V>(host: string, port: number, level?: StorageLevel): DStream<[K, V]>;
  rawSocketStream<T>(host: string, port: number, level?: StorageLevel): DStream<T>;
  rawSocketStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    return this.#stream(streams.rawSocket(this[GRAPH], host, port, level));
  }

  /**
   * Records of whatever can be iterated: an async generator, a Node or web stream, an array. `make` is called on an executor,
   * on the receivers' thread, and what it gives is read one record at a time; nothing is asked of it while the engine is
   * behind. When it throws, it is made again after pauses that grow; when it ends, the stream has no more records.
   *
   * @param make Is given a signal that is aborted when the job stops: end your waits then. `return()` is called besides.
   * @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  iterableStream<K, V>(make: MakeRecords<readonly [K, V]>, level?: StorageLevel): DStream<[K, V]>;
  iterableStream<E>(make: MakeRecords<ShortLiteral<E>>, level?: StorageLevel): DStream<E[]>;
  iterableStream<T>(make: MakeRecords<T>, level?: StorageLevel): DStream<T>;
  iterableStream(make: MakeRecords<unknown>, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    return this.#stream(streams.iterated(this[GRAPH], make, level));
  }

  /**
   * Records of a receiver of your own.
   *
   * @throws CAPTURE_NOT_SHIPPABLE (when the graph is complete) The instance holds something that cannot be sent.
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
   * read once, in the batch at whose time it is there, as it was then: write it elsewhere and move it in complete.
   *
   * A file belongs to a batch when it changed last after the job's start (unless `newFilesOnly` is false), within the time
   * of the setting `file.stream.remember` (60 s), and not after the batch's time. Files are read in no particular order.
   * Subdirectories are left alone.
   *
   * @param directory May have wildcards, which directories have to match: `logs/2026-??/{web,mail}`. They are looked for in
   *   each batch.
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
   * Records of `length` bytes each from the files that are moved into a directory; see `fileStream`. A file with a part of
   * a record fails its batch (BAD_RECORD_LENGTH). A `.gz` is not unzipped.
   */
  binaryRecordsStream(directory: string, length: number): DStream<Uint8Array> {
    return this.#stream(streams.movedBinary(this[GRAPH], directory, length));
  }

  // ---- the driver

  /**
   * So many records a second, as `{ value, timestamp }`: numbers from 0 without gaps, each with the time it was due. A
   * batch has the records that were due within its interval before its time, whenever it runs; they are made on executors.
   *
   * @param recordsPerSecond A whole number up to 1e8.
   */
  rateStream(recordsPerSecond: number, options: RateOptions = {}): DStream<RateRecord> {
    return this.#stream(streams.atRate(this[GRAPH], recordsPerSecond, options));
  }

  /** The batches of a source of your own on the driver. */
  inputStream<K, V>(input: InputDStream<readonly [K, V]>): DStream<[K, V]>;
  inputStream<T>(input: InputDStream<T>): DStream<T>;
  inputStream(input: InputDStream<unknown>): DStream<unknown> {
    return this.#stream(streams.computed(this[GRAPH], input));
  }

  /**
   * Batches from an array, for tests and trials: each batch takes the next, or with `oneAtATime: false` all that are new.
   * The array is left as it is, and what the driver's code pushes to it while the job runs is taken too. Several streams
   * over one array each have all of it.
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

  /** The items of a collection of the driver, in order, in `numPartitions` equal slices. */
  parallelize<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  parallelize<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  parallelize(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    return this.#rdd(statics.parallelized(this[CONTEXT], items, numPartitions));
  }

  /** As `parallelize`. */
  makeRDD<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  makeRDD<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  makeRDD(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    return this.parallelize<unknown>(items, numPartitions);
  }

  /** The whole numbers from `start` up to and without `end`; `range(end)` begins at 0. They are made on executors. */
  range(start: number, end?: number, step = 1, numPartitions?: number): RDD<number> {
    return this.#rdd(statics.numbersFrom(this[CONTEXT], start, end, step, numPartitions));
  }

  /** An RDD without partitions. */
  emptyRDD<T = never>(): RDD<T> {
    return this.#rdd(statics.nothing());
  }

  /**
   * Lines of a file, or of all files of a directory in order of their names. Files whose name ends in `.gz` are unzipped;
   * they have one partition each. The files are those that were there when the RDD was first read: when one changes after
   * that, the batch that reads it fails (FILE_CHANGED).
   *
   * @param path For all that read files: wildcards as `fileStream` has them stand for the files and directories that match.
   * @param minPartitions About how many partitions there are to be: more for many files, as each has one at least, and for
   *   large ones. 2 if it is left out.
   * @throws INPUT_MISSING (from actions) Nothing is there.
   */
  textFile(path: string, minPartitions?: number): RDD<string> {
    return this.#rdd(statics.linesAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * `[path, text]` for each file of a directory, or for a file. Files whose name ends in `.gz` are unzipped.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED, RECORD_TOO_LARGE (from actions)
   */
  wholeTextFiles(path: string, minPartitions?: number): RDD<[path: string, text: string]> {
    return this.#rdd(statics.textsAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * `[path, bytes]` for each file of a directory, or for a file. Bytes are as they are in the file: a `.gz` is not unzipped.
   *
   * @throws INPUT_MISSING, RECORD_TOO_LARGE (from actions)
   */
  binaryFiles(path: string, minPartitions?: number): RDD<[path: string, bytes: Uint8Array]> {
    return this.#rdd(statics.bytesAt(this[CONTEXT], path, minPartitions));
  }

  /**
   * Records of `length` bytes each from a file, or from all files of a directory. A `.gz` is not unzipped.
   *
   * @throws BAD_RECORD_LENGTH (from actions)
   */
  binaryRecords(path: string, length: number): RDD<Uint8Array> {
    return this.#rdd(statics.recordsAt(this[CONTEXT], path, length));
  }

  /**
   * The records that `saveAsObjectFile` has written, a partition for each file. Instances of the job's classes can be read by
   * the same job only.
   *
   * @throws INPUT_MISSING, INPUT_DAMAGED (from actions)
   */
  objectFile<T>(path: string): RDD<T> {
    return this.#rdd(statics.objectsAt(this[CONTEXT], path));
  }

  /** The records of each RDD in turn. */
  unionRDD<T>(...rdds: readonly RDD<T>[]): RDD<T> {
    return this.#rdd(statics.unionOfRdds(this[CONTEXT], rdds));
  }

  /**
   * Calls `fn` with each partition of an RDD, or with some of them, on executors; empty ones too. Gives what it makes of
   * them, in the order they are asked for. It may be async.
   *
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

  /** The records of each stream in turn. */
  union<T>(...streams: readonly DStream<T>[]): DStream<T> {
    return this.#stream(unionOf(streams));
  }

  /** Makes an RDD of the RDDs that several streams have in a batch, on the driver; see `DStream.transform`. */
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
   * An accumulator of your own.
   *
   * @throws BAD_ARGUMENT It lacks a function. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  accumulator<T, S, R = S>(spec: AccumulatorSpec<T, S, R>, name?: string): Accumulator<T, R> {
    return newCustom(this[CONTEXT], spec, name);
  }

  // ---- the job

  /** Partitions of shuffles and collections when nothing says otherwise. @throws ACTION_TOO_EARLY In `build`. */
  get defaultParallelism(): number {
    return this[CONTEXT].defaultParallelism;
  }

  /** Milliseconds between two batches. */
  get batchInterval(): number {
    return this[GRAPH].batchIntervalMs;
  }

  /** Where the job is: `build` runs, batches run, or none follows. */
  getState(): "INITIALIZED" | "ACTIVE" | "STOPPED" {
    return JOB_STATES[this[CONTEXT].phase];
  }

  /** Lets an object watch the job; also while batches run. Twice the same is once. @throws BAD_ARGUMENT */
  addStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.add(listener);
  }

  /** The listener hears no more. */
  removeStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.remove(listener);
  }

  /**
   * Keeps the RDDs of every batch for this long at least, for `slice` and for RDDs that the job uses in later batches; windows
   * keep what they need by themselves. Costs the memory and disk of what those batches received and shuffled.
   */
  remember(duration: DurationLike): void {
    this[GRAPH].remember(duration);
  }

  /** Where state is kept; as `checkpointDir` of `defineJob`. */
  checkpoint(directory: string): void {
    this[GRAPH].checkpoint(directory);
  }

  /**
   * Ends the job: after all that was received is processed when `graceful`, else at once, and a batch that is cut off by it,
   * such as the one that called it, makes the end `killed`. Twice is once. In `build` it keeps the job from starting, which
   * is not a failure.
   */
  stop(options: { readonly graceful?: boolean } = {}): void {
    this[CONTEXT].stop(options.graceful ?? false);
  }

  #rdd<T>(lineage: Lineage): RDD<T> {
    return new RDD<T>(this[CONTEXT], lineage);
  }

  #stream<T>(node: StreamNode): DStream<T> {
    return new DStream<T>(this[GRAPH], node);
  }
}
