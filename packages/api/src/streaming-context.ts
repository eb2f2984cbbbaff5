import { source, union } from "@millrace/plan";
import type { Accumulator } from "./accumulator.ts";
import type { Broadcast } from "./broadcast.ts";
import { collectionSource } from "./collection.ts";
import { DStream } from "./dstream.ts";
import { badArgument } from "./errors.ts";
import { CONTEXT_REMEDY, DRIVER_ONLY } from "./function/driver-only.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { CONTEXT, GRAPH } from "./internals.ts";
import type { JobContext } from "./job-context.ts";
import { RDD } from "./rdd.ts";
import { lineageIn } from "./rdd-steps.ts";
import { Receiver } from "./receiver.ts";
import { FileStream } from "./source/file-stream.ts";
import { type QueuedBatch, type QueueOptions, QueueStream } from "./source/queue-stream.ts";
import { ReceiverStream } from "./source/receiver-stream.ts";
import { textFileSource } from "./source/text-file.ts";
import { checkCount, checkPartitions } from "./steps.ts";
import { StorageLevel } from "./storage-level.ts";
import { transformed, unionOf } from "./stream/several-streams.ts";

/** Elements of `range` are made on the driver. */
const RANGE_MAX = 50_000_000;

/** Takes a socket's bytes apart into records. */
export type SocketDecoder<T> = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<T> | Iterable<T>;

type RddTypes<R extends readonly unknown[]> = { [I in keyof R]: RDD<R[I]> };
type StreamTypes<R extends readonly unknown[]> = { [I in keyof R]: DStream<R[I]> };

/** The job as its author sees it: sources of streams, static RDDs, and variables shared with executors. */
export class StreamingContext {
  readonly [CONTEXT]: JobContext;
  readonly [GRAPH]: GraphBuilder;

  /** Made by the engine and handed to `build`. */
  constructor(graph: GraphBuilder) {
    this[CONTEXT] = graph.context;
    this[GRAPH] = graph;
  }

  get [DRIVER_ONLY]() {
    return CONTEXT_REMEDY;
  }

  // ---- streams

  /** Lines of text from a TCP server: a receiver connects to it, and again with growing pauses when it is down. */
  socketTextStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<string> {
    const at = address(host, port, "socketTextStream");
    const label = `socketTextStream ${at}`;
    return this.#receive(label, () => ({ kind: "socketText", host, port }), level);
  }

  /** Records from a TCP server, as `decoder` makes them of its bytes, which come in chunks of any size. */
  socketStream<T>(
    host: string,
    port: number,
    decoder: SocketDecoder<T>,
    level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2,
  ): DStream<T> {
    const at = address(host, port, "socketStream");
    const { captures } = this[CONTEXT];
    this[CONTEXT].requireBuilding("socketStream");
    this[CONTEXT].ship(decoder, "socketStream");
    return this.#receive(
      `socketStream ${at}`,
      () => ({ kind: "socket", host, port, decoder: captures.encodeValue(decoder, "the decoder of socketStream") }),
      level,
    );
  }

  /**
   * Records of a receiver of your own.
   *
   * @throws CAPTURE_NOT_SHIPPABLE (when the graph is complete) The instance holds something that cannot be sent.
   */
  receiverStream<T>(receiver: Receiver<T>): DStream<T> {
    if (!(receiver instanceof Receiver)) {
      throw badArgument("receiverStream takes an instance of a class that extends Receiver.");
    }
    const { captures } = this[CONTEXT];
    const label = `receiverStream ${receiver.constructor.name}`;
    return this.#receive(
      label,
      () => ({ kind: "custom", receiver: captures.encodeValue(receiver, `the receiver ${receiver.constructor.name}`) }),
      receiver.storageLevel,
    );
  }

  /**
   * Lines of the files that are moved into a directory: each once, in the batch at whose time it is there. Files that
   * begin with a dot, files that were there at the start, and subdirectories are left alone.
   */
  textFileStream(directory: string): DStream<string> {
    this[CONTEXT].requireBuilding("textFileStream");
    return new DStream(this[GRAPH], new FileStream(this[GRAPH], checkPath(directory, "textFileStream")));
  }

  /** Batches from an array, for tests and examples: each batch takes the next, or with `oneAtATime: false` all. */
  queueStream<K, V>(batches: QueuedBatch<readonly [K, V]>[], options?: QueueOptions<readonly [K, V]>): DStream<[K, V]>;
  queueStream<T>(batches: QueuedBatch<T>[], options?: QueueOptions<T>): DStream<T>;
  queueStream(batches: QueuedBatch<unknown>[], options: QueueOptions<unknown> = {}): DStream<unknown> {
    this[CONTEXT].requireBuilding("queueStream");
    if (!Array.isArray(batches)) throw badArgument("queueStream takes an array of batches: each an array or an RDD.");
    return new DStream(this[GRAPH], new QueueStream(this[GRAPH], batches, options));
  }

  /** The records of each stream in turn. */
  union<T>(...streams: readonly DStream<T>[]): DStream<T> {
    return unionOf(streams);
  }

  /** Makes an RDD of the RDDs that several streams have in a batch, on the driver; see `DStream.transform`. */
  transform<R extends readonly unknown[], U>(
    streams: readonly [...StreamTypes<R>],
    fn: (rdds: RddTypes<R>, time: number) => RDD<U> | Promise<RDD<U>>,
  ): DStream<U> {
    if (!Array.isArray(streams)) throw badArgument("transform takes an array of streams and a function.");
    // One RDD for each stream, in their order.
    return transformed<U>([...streams], "transform", (rdds, time) => fn(rdds as RddTypes<R>, time));
  }

  // ---- static RDDs

  /** The items of a collection of the driver, in order, in `numPartitions` equal slices. */
  parallelize<K, V>(items: Iterable<readonly [K, V]>, numPartitions?: number): RDD<[K, V]>;
  parallelize<T>(items: Iterable<T>, numPartitions?: number): RDD<T>;
  parallelize(items: Iterable<unknown>, numPartitions?: number): RDD<unknown> {
    if (items === null || items === undefined || typeof items[Symbol.iterator] !== "function") {
      throw badArgument("parallelize takes an array or another iterable.");
    }
    const partitions = numPartitions === undefined ? undefined : checkPartitions(numPartitions, "parallelize");
    const list = Array.isArray(items) ? items : [...items];
    return new RDD(this[CONTEXT], collectionSource(this[CONTEXT], list, { partitions, label: "parallelize" }));
  }

  /** The whole numbers from `start` up to and without `end`; `range(end)` begins at 0. */
  range(start: number, end?: number, step = 1, numPartitions?: number): RDD<number> {
    const [from, to] = end === undefined ? [0, start] : [start, end];
    if (![from, to, step].every(Number.isSafeInteger) || step === 0) {
      throw badArgument("range takes whole numbers, and a step that is not 0.");
    }
    const length = checkCount(Math.max(0, Math.ceil((to - from) / step)), "the length of range", 0, RANGE_MAX);
    return this.parallelize<number>(
      Array.from({ length }, (_, i) => from + i * step),
      numPartitions,
    );
  }

  /** An RDD without partitions. */
  emptyRDD<T = never>(): RDD<T> {
    return new RDD(this[CONTEXT], source("blocks", [], "emptyRDD"));
  }

  /** Lines of a file, or of all files of a directory. */
  textFile(path: string, minPartitions?: number): RDD<string> {
    const least = minPartitions === undefined ? undefined : checkPartitions(minPartitions, "textFile");
    return new RDD(this[CONTEXT], textFileSource(this[CONTEXT], checkPath(path, "textFile"), least));
  }

  /** The records of each RDD in turn. */
  unionRDD<T>(...rdds: readonly RDD<T>[]): RDD<T> {
    const context = this[CONTEXT];
    return new RDD(context, union(rdds.map((rdd) => lineageIn(context, rdd, "unionRDD"))));
  }

  // ---- shared variables

  /** A read-only value that is sent to each executor once. */
  broadcast<T>(value: T): Broadcast<T> {
    return this[CONTEXT].broadcast(value);
  }

  /** A sum of whole numbers. */
  longAccumulator(name?: string): Accumulator<number> {
    return this[CONTEXT].accumulator("long", name);
  }

  /** A sum of numbers. */
  doubleAccumulator(name?: string): Accumulator<number> {
    return this[CONTEXT].accumulator("double", name);
  }

  /** A list of values, in no particular order. */
  collectionAccumulator<T>(name?: string): Accumulator<T, T[]> {
    return this[CONTEXT].accumulator("collection", name);
  }

  // ---- the job

  /** Partitions of shuffles and collections when nothing says otherwise. @throws ACTION_TOO_EARLY In `build`. */
  get defaultParallelism(): number {
    return this[CONTEXT].defaultParallelism;
  }

  get batchInterval(): number {
    return this[GRAPH].batchIntervalMs;
  }

  /** Where state is kept; as `checkpointDir` of `defineJob`. */
  checkpoint(directory: string): void {
    this[CONTEXT].requireBuilding("checkpoint");
    this[GRAPH].checkpointDir = this[CONTEXT].port.files.resolve(checkPath(directory, "checkpoint"));
  }

  /** Ends the job: after the batches that have been received when `graceful`, else at once. */
  stop(options: { readonly graceful?: boolean } = {}): void {
    this[CONTEXT].port.stop(options.graceful ?? false);
  }

  #receive<T>(label: string, spec: ConstructorParameters<typeof ReceiverStream>[2], level: StorageLevel): DStream<T> {
    this[CONTEXT].requireBuilding(label);
    return new DStream<T>(this[GRAPH], new ReceiverStream(this[GRAPH], label, spec, level));
  }
}

/** @throws BAD_ARGUMENT */
function address(host: string, port: number, operator: string): string {
  if (typeof host !== "string" || host === "") throw badArgument(`the host of ${operator} is missing.`);
  checkCount(port, `the port of ${operator}`, 1, 65_535);
  return `${host}:${port}`;
}

/** @throws BAD_ARGUMENT */
function checkPath(path: string, operator: string): string {
  if (typeof path === "string" && path !== "") return path;
  throw badArgument(
    `the path given to ${operator} is ${path === "" ? "empty" : typeof path}. Give a file or directory.`,
  );
}
