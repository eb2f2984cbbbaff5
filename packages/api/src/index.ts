// Everything that a job imports, published as `millrace`. The entry point for the engine is `./engine.ts`.
export type { DurationLike, Millis } from "@millrace/base";
export {
  type BlockingAppender,
  type BlockingFiles,
  type BlockingReader,
  type BlockingWriter,
  type ByteRange,
  type FileAccess,
  type FileEntry,
  type FileErrors,
  type FileKind,
  type FileReader,
  type FileStat,
  type FileSystem,
  type FileWriter,
  fileErrors,
  type Location,
  type Locations,
  locations,
  type MakeFileError,
  type OptionIssue,
  optionProblems,
  type PatienceOptions,
  patiently,
  readByOpening,
  registerFileSystem,
  type WrittenContent,
} from "@millrace/files";
export type { BoundedDouble } from "./approx/bounded-double.ts";
export { externalRanges, externalRDD } from "./external/external-rdd.ts";
export {
  type Sink,
  type SinkBatch,
  type SinkStart,
  type SinkTask,
  type SinkWriter,
  saveExternal,
} from "./external/external-sink.ts";
export {
  type ExternalSource,
  externalStream,
  inSlices,
  type RangeRecords,
  type SourceHost,
} from "./external/external-source.ts";
export { type Shippable, shipPackage } from "./external/ship-package.ts";
export { type TaskCompletionListener, TaskContext, type TaskFailureListener } from "./function/task-context.ts";
export type { OutputOperation } from "./graph/graph-builder.ts";
export { type BuildJob, defineJob, type JobDefinition, type JobOptions } from "./job/define-job.ts";
export { millis, minutes, seconds } from "./job/durations.ts";
export { StreamingContext, type StreamTypes } from "./job/streaming-context.ts";
export { StatsReportListener } from "./listener/stats-report-listener.ts";
export type {
  BatchInfo,
  InputInfo,
  OutputOperationInfo,
  ReceiverInfo,
  StreamingListener,
} from "./listener/streaming-listener.ts";
export type { AnyKey, KeyOf, Pair, ShortLiteral, ValueOf, Widened } from "./operations/pair-types.ts";
export type { CombineOptions } from "./operations/pairs.ts";
export type { PipeOptions } from "./operations/pipe.ts";
export type { PartitionResult } from "./operations/records.ts";
export type { Fractions } from "./operations/sampling.ts";
export type { DistinctPrecision } from "./operations/sketches.ts";
export type { SortOptions } from "./operations/sorting.ts";
export type { StateOptions, UpdateOptions } from "./operations/state.ts";
export type { TreeOptions } from "./operations/tree.ts";
export type { InverseWindowOptions } from "./operations/windows.ts";
export type { AsyncIterableOptions, StreamBatch } from "./output/async-output.ts";
export type { SaveTextOptions } from "./output/save-records.ts";
export { type Compare, HashPartitioner, type Partitioner, type ShuffleOptions } from "./partition/partitioner.ts";
export { type RangeOptions, RangePartitioner } from "./partition/range-partitioner.ts";
export { RDD } from "./rdd/rdd.ts";
export { StatCounter } from "./rdd/stat-counter.ts";
export { StorageLevel } from "./rdd/storage-level.ts";
export type { Iterables, OtherPairs, RddTypes } from "./rdd/transformations.ts";
export { Accumulator, NumberAccumulator } from "./shared/accumulator.ts";
export type { AccumulatorKind, AccumulatorSpec } from "./shared/accumulator-kinds.ts";
export { Broadcast } from "./shared/broadcast.ts";
export type { ByteDecoder, FileStreamOptions, PathFilter } from "./source/file-stream.ts";
export { ConstantInputDStream, InputDStream } from "./source/input-dstream.ts";
export type { QueuedBatch, QueueOptions } from "./source/queue-stream.ts";
export type { RateOptions, RateRecord } from "./source/rate-stream.ts";
export { rawBlock } from "./source/raw-block.ts";
export { Receiver } from "./source/receiver.ts";
export type { MakeRecords } from "./source/stream-sources.ts";
export { DStream, type MapWithStateDStream, type StateSnapshots } from "./stream/dstream.ts";
export {
  type InitialPairs,
  type MappingFunction,
  type MapWithStateOptions,
  type Migrate,
  type State,
  StateSpec,
} from "./stream/state-spec.ts";
