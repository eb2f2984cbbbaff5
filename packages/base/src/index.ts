export { authorFramesFirst, describeThrown, located } from "./author-frames.ts";
export { Backoff, type BackoffRange, backoffPause } from "./backoff.ts";
export { type Brand, branded } from "./brand.ts";
export { type Clock, ManualClock, SteadyClock, SystemClock, type Timer } from "./clock.ts";
export { didYouMean } from "./closest.ts";
export { compiled } from "./compiled.ts";
export { type JobConf, parseConf } from "./config.ts";
export { type Deferred, deferred } from "./deferred.ts";
export { directoryUnusable, makeDirectory, usableDirectory } from "./directory.ts";
export {
  type DurationLike,
  type EpochMs,
  epochMs,
  formatDuration,
  type Millis,
  millis,
  parseDuration,
} from "./duration.ts";
export {
  assert,
  type Blame,
  clauseOf,
  EngineError,
  type EngineErrorOptions,
  type ErrorFactory,
  type ErrorFields,
  type ErrorKind,
  errorKind,
  formatSite,
  fromWireError,
  invariantBroken,
  named,
  naming,
  protocolMismatch,
  type Retry,
  type SourceSite,
  toWireError,
  unreachable,
  type WireError,
} from "./errors.ts";
export { type ExecutorId, executorId, type JobId, jobId, type StreamId, streamId } from "./ids.ts";
export { formatLocalTime, localZone, type OffsetOf, sameZone } from "./local-time.ts";
export {
  createLogger,
  type LogFormat,
  type Logger,
  type LogOptions,
  logFormat,
  logLevel,
  logTroubles,
  silentLogger,
} from "./log.ts";
export type { OutputStream } from "./output-ring.ts";
export { ownFolder, sweepFolders } from "./owned-folder.ts";
export {
  fateOf,
  type ProcessFate,
  type ProcessIdentity,
  processIdentity,
  processInWords,
} from "./process-identity.ts";
export { type Rng, SeededRng, StreamRng, systemRng } from "./rng.ts";
export { type Bytes, formatSize, heapFor, parseSize, sizeSetting } from "./size.ts";
export {
  afterStep,
  type BatchStep,
  beforeStep,
  changingFile,
  FILE_CHANGES,
  type FileChange,
  STEPS,
  type StepName,
} from "./steps.ts";
export { StreamTaker } from "./stream-taker.ts";
export { threadHeap } from "./thread-heap.ts";
export { type TakeOutput, ThreadOutput, type ThreadOutputEnd, writeOutputTo } from "./thread-output.ts";
export { thrownMessage, thrownText } from "./thrown-text.ts";
export {
  type Warning,
  type WarningFactory,
  type WarningOver,
  type WarningRecord,
  type WarningSink,
  warningKind,
  warningOf,
} from "./warning.ts";
