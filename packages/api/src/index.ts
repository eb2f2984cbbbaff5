// What a job imports, and nothing else: published as `millrace`. What hosts of jobs need is in `./host.ts`.
export { Accumulator } from "./accumulator.ts";
export { Broadcast } from "./broadcast.ts";
export { type BuildJob, defineJob, type JobDefinition, type JobOptions } from "./define-job.ts";
export { DStream } from "./dstream.ts";
export { millis, minutes, seconds } from "./durations.ts";
export type { KeyOf, Pair, ValueOf, Widened } from "./pair-types.ts";
export { RDD } from "./rdd.ts";
export type { CombineOptions, PartitionResult } from "./rdd-steps.ts";
export { Receiver } from "./receiver.ts";
export type { ByteDecoder, FileStreamOptions } from "./source/file-stream.ts";
export type { QueuedBatch, QueueOptions } from "./source/queue-stream.ts";
export { rawBlock } from "./source/raw-block.ts";
export type { MakeRecords } from "./source/stream-sources.ts";
export type { UpdateOptions } from "./state-stream.ts";
export type { Partitioner, ShuffleOptions } from "./steps.ts";
export { StorageLevel } from "./storage-level.ts";
export { StreamingContext } from "./streaming-context.ts";
export { TaskContext } from "./task-context.ts";
