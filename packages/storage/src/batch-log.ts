// An entry point of its own: the threads of executors, which load the other one, do not need the batch log.
export { BatchLog, type BatchLogOptions, checkpointTaken, newestEpoch, readBatchLog } from "./batch-log/batch-log.ts";
export { checkpointOtherInterval, checkpointOtherJob } from "./batch-log/errors.ts";
