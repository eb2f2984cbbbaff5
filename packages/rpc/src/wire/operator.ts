import { epochMs, executorId, jobId, type WarningRecord } from "@millrace/base";
import type { JobState } from "@millrace/scheduler";
import type {
  BatchSummary,
  ExecutorSummary,
  JobSummary,
  LogEntry,
  LogStream,
  WaitsOf,
  WaitsReport,
} from "../cluster.ts";
import type { Batch as BatchInput, Batch__Output as BatchOutput } from "../gen/millrace/operator/v1/Batch.ts";
import type {
  Executor as ExecutorInput,
  Executor__Output as ExecutorOutput,
} from "../gen/millrace/operator/v1/Executor.ts";
import type { Job as JobInput, Job__Output as JobOutput } from "../gen/millrace/operator/v1/Job.ts";
import type { JobLog as JobLogInput, JobLog__Output as JobLogOutput } from "../gen/millrace/operator/v1/JobLog.ts";
import type {
  LogEntry as LogEntryInput,
  LogEntry__Output as LogEntryOutput,
} from "../gen/millrace/operator/v1/LogEntry.ts";
import type {
  WaitsReport as WaitsInput,
  WaitsReport__Output as WaitsOutput,
} from "../gen/millrace/operator/v1/WaitsReport.ts";
import type {
  WaitsRequest as WaitsRequestInput,
  WaitsRequest__Output as WaitsRequestOutput,
} from "../gen/millrace/operator/v1/WaitsRequest.ts";
import type { Warning as WarningInput, Warning__Output as WarningOutput } from "../gen/millrace/operator/v1/Warning.ts";
import { decodeOptionalError, encodeError, keyOf } from "./error.ts";
import { required } from "./required.ts";

const jobStates = {
  starting: "JOB_STATE_STARTING",
  running: "JOB_STATE_RUNNING",
  restarting: "JOB_STATE_RESTARTING",
  stopping: "JOB_STATE_STOPPING",
  finished: "JOB_STATE_FINISHED",
  failed: "JOB_STATE_FAILED",
  killed: "JOB_STATE_KILLED",
} as const satisfies Record<JobState, string>;

const batchStates = {
  waiting: "BATCH_STATE_WAITING",
  running: "BATCH_STATE_RUNNING",
  completed: "BATCH_STATE_COMPLETED",
  failed: "BATCH_STATE_FAILED",
  cancelled: "BATCH_STATE_CANCELLED",
} as const satisfies Record<BatchSummary["state"], string>;

const executorStates = {
  connected: "EXECUTOR_STATE_CONNECTED",
  draining: "EXECUTOR_STATE_DRAINING",
  lost: "EXECUTOR_STATE_LOST",
} as const satisfies Record<ExecutorSummary["state"], string>;

const logStreams = {
  stdout: "LOG_STREAM_STDOUT",
  stderr: "LOG_STREAM_STDERR",
  engine: "LOG_STREAM_ENGINE",
} as const satisfies Record<LogStream, string>;

export function encodeLogEntry({ time, stream, text }: LogEntry): LogEntryInput {
  return { timeMs: time, stream: logStreams[stream], text };
}

export function decodeLogEntry(entry: LogEntryOutput): LogEntry {
  return { time: entry.timeMs, stream: keyOf(logStreams, entry.stream, "log stream"), text: entry.text };
}

export function encodeJob(job: JobSummary): JobInput {
  return {
    id: job.id,
    name: job.name,
    state: jobStates[job.state],
    submittedAtMs: job.submittedAt,
    ...(job.endedAt === undefined ? {} : { endedAtMs: job.endedAt }),
    ...(job.batchIntervalMs === undefined ? {} : { batchIntervalMs: job.batchIntervalMs }),
    batchesCompleted: job.batchesCompleted,
    batchesFailed: job.batchesFailed,
    batchesWaiting: job.batchesWaiting,
    spilledBytes: job.spilledBytes,
    executors: job.executors,
    restarts: job.restarts,
    ...(job.log === undefined ? {} : { log: encodeLog(job.log) }),
    ...(job.error === undefined ? {} : { error: encodeError(job.error) }),
    warnings: job.warnings.map(encodeWarning),
    ...(job.driverPid === undefined ? {} : { driverPid: job.driverPid }),
    executorFigures: job.executorFigures.map((figures) => ({ ...figures })),
    ...(job.draining === undefined
      ? {}
      : { draining: { byMs: job.draining.by, waitsFor: [...job.draining.waitsFor] } }),
  };
}

export function decodeJob(job: JobOutput): JobSummary {
  return {
    id: jobId(job.id),
    name: job.name,
    state: keyOf(jobStates, job.state, "job state"),
    submittedAt: job.submittedAtMs,
    endedAt: job.endedAtMs,
    batchIntervalMs: job.batchIntervalMs,
    batchesCompleted: job.batchesCompleted,
    batchesFailed: job.batchesFailed,
    batchesWaiting: job.batchesWaiting,
    spilledBytes: job.spilledBytes,
    executors: job.executors,
    restarts: job.restarts,
    log: job.log ? decodeLog(job.log) : undefined,
    error: decodeOptionalError(job.error),
    warnings: job.warnings.map(decodeWarning),
    driverPid: job.driverPid,
    executorFigures: job.executorFigures.map((figures) => ({ ...figures, executor: executorId(figures.executor) })),
    draining: job.draining ? { by: job.draining.byMs, waitsFor: job.draining.waitsFor } : undefined,
  };
}

function encodeLog({ directory, resumed }: NonNullable<JobSummary["log"]>): JobLogInput {
  if (resumed === undefined) return { directory };
  const { imported, committed, batches, pending, missed, together } = resumed;
  return {
    directory,
    resumed: {
      ...(committed === undefined ? {} : { committedMs: committed }),
      batches,
      ...(pending === undefined ? {} : { pendingMs: pending.time, pendingIsPrepared: pending.prepared }),
      missed,
      together,
      imported,
    },
  };
}

function decodeLog({ directory, resumed }: JobLogOutput): NonNullable<JobSummary["log"]> {
  if (!resumed) return { directory, resumed: undefined };
  const { imported, committedMs, batches, pendingMs, pendingIsPrepared, missed, together } = resumed;
  const pending = pendingMs === undefined ? undefined : { time: pendingMs, prepared: pendingIsPrepared };
  return { directory, resumed: { imported, committed: committedMs, batches, pending, missed, together } };
}

function encodeWarning({ firstAt, lastAt, ...warning }: WarningRecord): WarningInput {
  return { ...warning, firstAtMs: firstAt, lastAtMs: lastAt };
}

function decodeWarning({ firstAtMs, lastAtMs, ...warning }: WarningOutput): WarningRecord {
  return { ...warning, firstAt: epochMs(firstAtMs), lastAt: epochMs(lastAtMs) };
}

export function encodeWaits({ waitsFor, by }: WaitsReport): WaitsInput {
  return { waitsFor: [...waitsFor], ...(by === undefined ? {} : { byMs: by }) };
}

export function decodeWaits({ waitsFor, byMs }: WaitsOutput): WaitsReport {
  return { waitsFor, by: byMs };
}

export function encodeWaitsOf(whose: WaitsOf): WaitsRequestInput {
  return "job" in whose ? { job: whose.job } : { executor: whose.executor };
}

export function decodeWaitsOf({ job, executor }: WaitsRequestOutput): WaitsOf {
  return job === undefined
    ? { executor: executorId(required(executor, "executor of a request")) }
    : { job: jobId(job) };
}

export function encodeBatch(batch: BatchSummary): BatchInput {
  return {
    timeMs: batch.time,
    state: batchStates[batch.state],
    records: batch.records,
    ...(batch.schedulingDelayMs === undefined ? {} : { schedulingDelayMs: batch.schedulingDelayMs }),
    ...(batch.processingMs === undefined ? {} : { processingMs: batch.processingMs }),
    tasks: batch.tasks,
    taskMs: batch.taskMs,
    recordsRead: batch.recordsRead,
    spilledBytes: batch.spilledBytes,
    ...(batch.error === undefined ? {} : { error: encodeError(batch.error) }),
  };
}

export function decodeBatch(batch: BatchOutput): BatchSummary {
  return {
    time: batch.timeMs,
    state: keyOf(batchStates, batch.state, "batch state"),
    records: batch.records,
    schedulingDelayMs: batch.schedulingDelayMs,
    processingMs: batch.processingMs,
    tasks: batch.tasks,
    taskMs: batch.taskMs,
    recordsRead: batch.recordsRead,
    spilledBytes: batch.spilledBytes,
    error: decodeOptionalError(batch.error),
  };
}

export function encodeExecutor(executor: ExecutorSummary): ExecutorInput {
  return {
    id: executor.id,
    host: executor.host,
    slots: executor.slots,
    memoryBytes: executor.memoryBytes,
    rssBytes: executor.rssBytes,
    state: executorStates[executor.state],
    jobs: [...executor.jobs],
    lastSeenAtMs: executor.lastSeenAt,
    waitsFor: [...executor.waitsFor],
  };
}

export function decodeExecutor(executor: ExecutorOutput): ExecutorSummary {
  return {
    id: executorId(executor.id),
    host: executor.host,
    slots: executor.slots,
    memoryBytes: executor.memoryBytes,
    rssBytes: executor.rssBytes,
    state: keyOf(executorStates, executor.state, "executor state"),
    jobs: executor.jobs.map(jobId),
    lastSeenAt: executor.lastSeenAtMs,
    waitsFor: executor.waitsFor,
  };
}
