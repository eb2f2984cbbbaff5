import { RECORD_BYTES_MAX } from "@millrace/codec";
import { badArgument } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { StreamNode } from "../graph/stream-node.ts";
import { labelOf } from "../operations/steps.ts";
import { checkLevel, type StorageLevel } from "../rdd/storage-level.ts";
import { checkAll, checkCount, checkFlag, checkOptions, checkPartitions } from "../refusal/check-all.ts";
import {
  checkFilter,
  decoded,
  type FileReading,
  FileStream,
  type FileStreamOptions,
  isVisible,
  LINES,
} from "./file-stream.ts";
import { checkPath } from "./found-files.ts";
import { InputDStream, InputStream } from "./input-dstream.ts";
import { checkBatch, type QueueOptions, QueueStream } from "./queue-stream.ts";
import { type RateOptions, RateStream } from "./rate-stream.ts";
import { Receiver } from "./receiver.ts";
import { ReceiverStream } from "./receiver-stream.ts";

/** Called on an executor to create the iterable of `iterableStream`. */
export type MakeRecords<T> = (
  signal: AbortSignal,
) => AsyncIterable<T> | Iterable<T> | Promise<AsyncIterable<T> | Iterable<T>>;

// ---- receivers

/** Lines of a TCP server. */
export function socketText(graph: GraphBuilder, host: string, port: number, level: StorageLevel): StreamNode {
  const at = address(host, port, level, "socketTextStream");
  return receive(graph, `socketTextStream ${at}`, () => ({ kind: "socketText", host, port }), level);
}

/** Records that a decoder of the job reads from a TCP server. */
export function socketRecords(
  graph: GraphBuilder,
  host: string,
  port: number,
  decoder: unknown,
  level: StorageLevel,
): StreamNode {
  const operator = "socketStream";
  const { context } = graph;
  const at = address(host, port, level, operator);
  context.requireBuilding(operator);
  context.ship(decoder, operator);
  const encoded = () => context.captures.encodeValue(decoder, `the decoder of ${operator}`);
  return receive(graph, `${operator} ${at}`, () => ({ kind: "socket", host, port, decoder: encoded() }), level);
}

/** Blocks of a TCP server, in the engine's own format. */
export function rawSocket(graph: GraphBuilder, host: string, port: number, level: StorageLevel): StreamNode {
  const at = address(host, port, level, "rawSocketStream");
  return receive(graph, `rawSocketStream ${at}`, () => ({ kind: "rawSocket", host, port }), level);
}

/** Records of an iterable that a function of the job creates on an executor. */
export function iterated(graph: GraphBuilder, make: unknown, level: StorageLevel): StreamNode {
  const operator = "iterableStream";
  const { context } = graph;
  context.requireBuilding(operator);
  const label = labelOf(operator, context.ship(make, operator));
  const encoded = () => context.captures.encodeValue(make, `the function of ${operator}`);
  return receive(graph, label, () => ({ kind: "iterable", source: encoded() }), level);
}

/** Records that a receiver of the job stores. @throws BAD_ARGUMENT */
export function received(graph: GraphBuilder, receiver: unknown): StreamNode {
  if (!(receiver instanceof Receiver)) {
    throw badArgument("receiverStream takes an instance of a class that extends Receiver.");
  }
  const { name } = receiver.constructor;
  const encoded = () => graph.context.captures.encodeValue(receiver, `the receiver ${name}`);
  return receive(
    graph,
    `receiverStream ${name}`,
    () => ({ kind: "custom", receiver: encoded() }),
    receiver.storageLevel,
  );
}

function receive(
  graph: GraphBuilder,
  label: string,
  spec: ConstructorParameters<typeof ReceiverStream>[2],
  level: StorageLevel,
): StreamNode {
  graph.context.requireBuilding(label);
  checkLevel(level, label);
  return new ReceiverStream(graph, label, spec, level);
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

// ---- files

/** Lines of the files that are moved into a directory. */
export function movedText(graph: GraphBuilder, directory: string): StreamNode {
  return movedFiles(graph, "textFileStream", directory, () => LINES, {});
}

/** Records of the files that are moved into a directory, in the format given by the options. */
export function movedRecords(
  graph: GraphBuilder,
  directory: string,
  options: FileStreamOptions & { readonly format?: unknown },
): StreamNode {
  const operator = "fileStream";
  const reading = () => {
    const { format = "text" } = checkOptions(options, ["filter", "newFilesOnly", "format"], operator);
    return format === "text" ? LINES : decoded(graph.context, format, operator);
  };
  return movedFiles(graph, operator, directory, reading, options);
}

/** Records of fixed length of the files that are moved into a directory. */
export function movedBinary(graph: GraphBuilder, directory: string, length: number): StreamNode {
  const operator = "binaryRecordsStream";
  const reading = (): FileReading => {
    const recordBytes = checkCount(length, `the length of records of ${operator}`, 1, RECORD_BYTES_MAX);
    return { format: { recordBytes }, unitBytes: recordBytes };
  };
  return movedFiles(graph, operator, directory, reading, {});
}

function movedFiles(
  graph: GraphBuilder,
  operator: string,
  directory: string,
  reading: () => FileReading,
  options: Pick<FileStreamOptions, "filter" | "newFilesOnly">,
): StreamNode {
  graph.context.requireBuilding(operator);
  const { filter = isVisible, newFilesOnly = true } = options ?? {};
  const given = checkAll(operator, {
    directory: () => checkPath(directory, operator),
    reading,
    filter: () => checkFilter(filter, operator),
    newFilesOnly: () => checkFlag(newFilesOnly, `newFilesOnly of ${operator}`),
  });
  return new FileStream(graph, { operator, ...given });
}

// ---- the driver

/** A fixed number of records per second. */
export function atRate(graph: GraphBuilder, recordsPerSecond: number, options: RateOptions): StreamNode {
  const operator = "rateStream";
  graph.context.requireBuilding(operator);
  const { rate, partitions } = checkAll(operator, {
    rate: () => checkCount(recordsPerSecond, `the number of records per second of ${operator}`, 1, 1e8),
    options: () => checkOptions(options, ["numPartitions"], operator),
    partitions: () =>
      options?.numPartitions === undefined ? undefined : checkPartitions(options.numPartitions, operator),
  });
  return new RateStream(graph, rate, partitions);
}

/** The batches of a source of the job. @throws BAD_ARGUMENT */
export function computed(graph: GraphBuilder, input: unknown): StreamNode {
  graph.context.requireBuilding("inputStream");
  if (!(input instanceof InputDStream)) {
    throw badArgument("inputStream takes an instance of a class that extends InputDStream.");
  }
  return new InputStream(graph, input);
}

/** Batches from an array of the driver. */
export function queued(
  graph: GraphBuilder,
  batches: ConstructorParameters<typeof QueueStream>[1],
  options: QueueOptions<unknown>,
): StreamNode {
  const operator = "queueStream";
  graph.context.requireBuilding(operator);
  checkAll(operator, {
    batches: () => {
      if (!Array.isArray(batches)) throw badArgument(`${operator} takes an array of batches: each an array or an RDD.`);
    },
    options: () => checkOptions(options, ["oneAtATime", "default"], operator),
    oneAtATime: () => checkFlag(options?.oneAtATime ?? true, `oneAtATime of ${operator}`),
    default: () => options?.default === undefined || checkBatch(options.default, `the default of ${operator}`),
  });
  return new QueueStream(graph, batches, options);
}
