import { RECORD_BYTES_MAX } from "@millrace/codec";
import { badArgument } from "../errors.ts";
import { CONTEXT_REMEDY, DRIVER_ONLY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { CONTEXT, GRAPH } from "../internals.ts";
import type { JobContext } from "../job/job-context.ts";
import type { ShortLiteral } from "../operations/pair-types.ts";
import { labelOf } from "../operations/steps.ts";
import { checkLevel, StorageLevel } from "../rdd/storage-level.ts";
import { checkAll, checkCount, checkFlag, checkOptions, checkPartitions } from "../refusal/check-all.ts";
import { DStream } from "../stream/dstream.ts";
import {
  type ByteDecoder,
  checkFilter,
  decoded,
  type FileReading,
  FileStream,
  type FileStreamOptions,
  isVisible,
  LINES,
} from "./file-stream.ts";
import { InputDStream, InputStream } from "./input-dstream.ts";
import { checkBatch, type QueuedBatch, type QueueOptions, QueueStream } from "./queue-stream.ts";
import { type RateOptions, type RateRecord, RateStream } from "./rate-stream.ts";
import { Receiver } from "./receiver.ts";
import { ReceiverStream } from "./receiver-stream.ts";

/** Returns the iterable of `iterableStream`; called on an executor. */
export type MakeRecords<T> = (
  signal: AbortSignal,
) => AsyncIterable<T> | Iterable<T> | Promise<AsyncIterable<T> | Iterable<T>>;

/** Input streams: the part of `StreamingContext` that creates them. */
export abstract class StreamSources {
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

  /** Lines of text from a TCP server: a receiver connects to it, and reconnects with back-off when it is down. */
  socketTextStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<string> {
    const at = address(host, port, level, "socketTextStream");
    const label = `socketTextStream ${at}`;
    return this.#receive(label, () => ({ kind: "socketText", host, port }), level);
  }

  /** Records from a TCP server, decoded by `decoder` from its bytes, which come in chunks of any size. */
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
    const at = address(host, port, level, "socketStream");
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
   * Records from a TCP server that sends them in the engine's format, in blocks made by `rawBlock`. They are stored as
   * they arrive: nothing is decoded before a task reads it.
   */
  rawSocketStream<K, V>(host: string, port: number, level?: StorageLevel): DStream<[K, V]>;
  rawSocketStream<T>(host: string, port: number, level?: StorageLevel): DStream<T>;
  rawSocketStream(host: string, port: number, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    const at = address(host, port, level, "rawSocketStream");
    return this.#receive(`rawSocketStream ${at}`, () => ({ kind: "rawSocket", host, port }), level);
  }

  /**
   * Records of anything iterable: an async generator, a Node or web stream, an array. `make` is called on an executor,
   * on the receiver's thread, and its result is read one record at a time; nothing is requested while the engine is
   * behind. When it throws, it is recreated with back-off; when it ends, the stream has no more records.
   *
   * @param make Receives a signal that is aborted when the job stops: end your waits then. `return()` is called as
   *   well.
   * @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  iterableStream<K, V>(make: MakeRecords<readonly [K, V]>, level?: StorageLevel): DStream<[K, V]>;
  iterableStream<E>(make: MakeRecords<ShortLiteral<E>>, level?: StorageLevel): DStream<E[]>;
  iterableStream<T>(make: MakeRecords<T>, level?: StorageLevel): DStream<T>;
  iterableStream(make: MakeRecords<unknown>, level: StorageLevel = StorageLevel.MEMORY_AND_DISK_2): DStream<unknown> {
    const operator = "iterableStream";
    const context = this[CONTEXT];
    context.requireBuilding(operator);
    const label = labelOf(operator, context.ship(make, operator));
    const spec = () => context.captures.encodeValue(make, `the function of ${operator}`);
    return this.#receive(label, () => ({ kind: "iterable", source: spec() }), level);
  }

  /**
   * Records of a custom receiver.
   *
   * @throws CAPTURE_NOT_SHIPPABLE (when the graph is complete) The instance contains something that cannot be sent.
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

  // ---- files

  /** Lines of the files that are moved into a directory; see `fileStream`. */
  textFileStream(directory: string): DStream<string> {
    return this.#files("textFileStream", directory, () => LINES, {});
  }

  /**
   * Records of the files that are moved into a directory, on storage that the driver and all executors share. Each file
   * is read once, by the batch during which it appears: write it elsewhere and move it in complete.
   *
   * A file belongs to a batch if its last change was after the job's start (unless `newFilesOnly` is false), within the
   * time of the setting `file.stream.remember` (60 s), and not after the batch's time. Files are read in no particular
   * order. Subdirectories are ignored.
   *
   * @param directory May have wildcards that match directories: `logs/2026-??/{web,mail}`. They are matched in each
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
    const reading = () => {
      const { format = "text" } = checkOptions(options, ["filter", "newFilesOnly", "format"], "fileStream");
      return format === "text" ? LINES : decoded(this[CONTEXT], format, "fileStream");
    };
    return this.#files("fileStream", directory, reading, options);
  }

  /**
   * Records of `length` bytes each from the files that are moved into a directory; see `fileStream`. A file with a
   * partial record fails its batch (BAD_RECORD_LENGTH). A `.gz` is not decompressed.
   */
  binaryRecordsStream(directory: string, length: number): DStream<Uint8Array> {
    const operator = "binaryRecordsStream";
    const reading = (): FileReading => {
      const recordBytes = checkCount(length, `the length of records of ${operator}`, 1, RECORD_BYTES_MAX);
      return { format: { recordBytes }, unitBytes: recordBytes };
    };
    return this.#files(operator, directory, reading, {});
  }

  // ---- the driver

  /**
   * A fixed number of records per second, as `{ value, timestamp }`: numbers from 0 without gaps, each with the time it
   * was due. A batch has the records that were due within its interval before its time, whenever it runs; they are
   * created on executors.
   *
   * @param recordsPerSecond A whole number up to 1e8.
   */
  rateStream(recordsPerSecond: number, options: RateOptions = {}): DStream<RateRecord> {
    const operator = "rateStream";
    this[CONTEXT].requireBuilding(operator);
    const { rate, partitions } = checkAll(operator, {
      rate: () => checkCount(recordsPerSecond, `the number of records per second of ${operator}`, 1, 1e8),
      options: () => checkOptions(options, ["numPartitions"], operator),
      partitions: () =>
        options?.numPartitions === undefined ? undefined : checkPartitions(options.numPartitions, operator),
    });
    return new DStream<RateRecord>(this[GRAPH], new RateStream(this[GRAPH], rate, partitions));
  }

  /** The batches of a custom source on the driver. */
  inputStream<K, V>(input: InputDStream<readonly [K, V]>): DStream<[K, V]>;
  inputStream<T>(input: InputDStream<T>): DStream<T>;
  inputStream(input: InputDStream<unknown>): DStream<unknown> {
    this[CONTEXT].requireBuilding("inputStream");
    if (!(input instanceof InputDStream)) {
      throw badArgument("inputStream takes an instance of a class that extends InputDStream.");
    }
    return new DStream(this[GRAPH], new InputStream(this[GRAPH], input));
  }

  /**
   * Batches from an array, for tests and trials: each batch takes the next, or with `oneAtATime: false` all new ones.
   * The array is not changed, and elements that the driver's code pushes to it while the job runs are taken too.
   * Several streams over one array each have all of it.
   */
  queueStream<K, V>(
    batches: readonly QueuedBatch<readonly [K, V]>[],
    options?: QueueOptions<readonly [K, V]>,
  ): DStream<[K, V]>;
  queueStream<T>(batches: readonly QueuedBatch<T>[], options?: QueueOptions<T>): DStream<T>;
  queueStream(batches: readonly QueuedBatch<unknown>[], options: QueueOptions<unknown> = {}): DStream<unknown> {
    this[CONTEXT].requireBuilding("queueStream");
    const operator = "queueStream";
    checkAll(operator, {
      batches: () => {
        if (!Array.isArray(batches))
          throw badArgument(`${operator} takes an array of batches: each an array or an RDD.`);
      },
      options: () => checkOptions(options, ["oneAtATime", "default"], operator),
      oneAtATime: () => checkFlag(options?.oneAtATime ?? true, `oneAtATime of ${operator}`),
      default: () => options?.default === undefined || checkBatch(options.default, `the default of ${operator}`),
    });
    return new DStream(this[GRAPH], new QueueStream(this[GRAPH], batches, options));
  }

  #files<T>(
    operator: string,
    directory: string,
    reading: () => FileReading,
    options: Pick<FileStreamOptions, "filter" | "newFilesOnly">,
  ): DStream<T> {
    this[CONTEXT].requireBuilding(operator);
    const { filter = isVisible, newFilesOnly = true } = options ?? {};
    const given = checkAll(operator, {
      directory: () => checkPath(directory, operator),
      reading,
      filter: () => checkFilter(filter, operator),
      newFilesOnly: () => checkFlag(newFilesOnly, `newFilesOnly of ${operator}`),
    });
    return new DStream<T>(this[GRAPH], new FileStream(this[GRAPH], { operator, ...given }));
  }

  #receive<T>(label: string, spec: ConstructorParameters<typeof ReceiverStream>[2], level: StorageLevel): DStream<T> {
    this[CONTEXT].requireBuilding(label);
    checkLevel(level, label);
    return new DStream<T>(this[GRAPH], new ReceiverStream(this[GRAPH], label, spec, level));
  }
}

/** @throws BAD_ARGUMENT */
function address(host: string, port: number, level: StorageLevel, operator: string): string {
  checkAll(operator, {
    host: () => checkText(host, `the host of ${operator}`),
    port: () => checkCount(port, `the port of ${operator}`, 1, 65_535),
    level: () => checkLevel(level, operator),
  });
  return `${host}:${port}`;
}

/** @throws BAD_ARGUMENT */
function checkText(value: unknown, what: string): void {
  if (typeof value !== "string" || value === "") throw badArgument(`${what} is missing. Give a non-empty string.`);
}

/** @throws BAD_ARGUMENT */
export function checkPath(path: string, operator: string): string {
  if (typeof path === "string" && path !== "") return path;
  throw badArgument(
    `the path given to ${operator} is ${path === "" ? "empty" : typeof path}. Give a file or directory.`,
  );
}
