import { formatDuration, formatLocalTime, formatSize, millis, type WarningRecord } from "@millrace/base";
import type { BatchSummary, DrainSummary, ExecutorSummary, JobSummary } from "@millrace/rpc";
import { beginInWords } from "@millrace/rpc/resumed";
import { describeWireFailure } from "./failure.ts";
import { formatTable, type TableColumn } from "./table.ts";

type ExecutorFigures = JobSummary["executorFigures"][number];

/** Local time to the second, in the form of `print()`. */
export const formatTime = (ms: number, fraction = false): string => formatLocalTime(ms, { fraction });

export function showJobs(jobs: readonly JobSummary[]): string {
  const columns: readonly TableColumn<JobSummary>[] = [
    { title: "ID", show: (job) => job.id },
    { title: "NAME", show: (job) => job.name },
    { title: "STATE", show: (job) => job.state },
    { title: "SUBMITTED", show: (job) => formatTime(job.submittedAt) },
    { title: "BATCHES", show: (job) => String(job.batchesCompleted), align: "right" },
    { title: "FAILED", show: (job) => String(job.batchesFailed), align: "right" },
    { title: "WAITING", show: (job) => String(job.batchesWaiting), align: "right" },
    { title: "EXECUTORS", show: (job) => String(job.executors), align: "right" },
  ];
  return formatTable(jobs, columns, "no jobs");
}

/** @param now Epoch milliseconds. */
export function showJob(job: JobSummary, now: number, verbose: boolean): string {
  const every = job.batchIntervalMs === undefined ? "" : `, one every ${formatDuration(job.batchIntervalMs)}`;
  const rows: readonly (readonly [string, string])[] = [
    ["name", job.name],
    ["state", job.state],
    ...(job.restarts === 0 ? [] : [["restarts", `${job.restarts} of its driver process`] as const]),
    ...(job.log === undefined ? [] : [["log", beginInWords(job.log)] as const]),
    ["submitted", `${formatTime(job.submittedAt)}, ${formatDuration(Math.max(0, now - job.submittedAt))} ago`],
    ...(job.endedAt === undefined ? [] : [["ended", formatTime(job.endedAt)] as const]),
    [
      "batches",
      `${job.batchesCompleted} completed, ${job.batchesFailed} failed, ${job.batchesWaiting} waiting${every}`,
    ],
    ["spilled", formatSize(job.spilledBytes)],
    ["executors", String(job.executors)],
    ...(job.draining === undefined ? [] : [["stops", showDraining(job.draining, now)] as const]),
    ...(job.driverPid === undefined ? [] : [["process", String(job.driverPid)] as const]),
    ...job.warnings.map((warning) => ["warning", indent(showWarning(warning))] as const),
    ...(job.error === undefined ? [] : [["error", indent(describeWireFailure(job.error, verbose).trimEnd())] as const]),
  ];
  const table = job.executorFigures.length === 0 ? "" : `\n${showFigures(job.executorFigures)}`;
  return `${job.id}\n${rows.map(([title, text]) => `  ${title.padEnd(9)}  ${text}\n`).join("")}${table}`;
}

/** Counts are since the executor's process began, memory is as of its last heartbeat. */
function showFigures(executors: readonly ExecutorFigures[]): string {
  const columns: readonly TableColumn<ExecutorFigures>[] = [
    { title: "EXECUTOR", show: (one) => one.executor },
    { title: "TASKS", show: (one) => String(one.tasks), align: "right" },
    { title: "FAILED", show: (one) => String(one.failures), align: "right" },
    { title: "TASK TIME", show: (one) => formatDuration(Math.round(one.taskMs)), align: "right" },
    { title: "READ", show: (one) => String(one.recordsIn), align: "right" },
    { title: "WRITTEN", show: (one) => String(one.recordsOut), align: "right" },
    { title: "MEMORY", show: (one) => formatSize(one.rssBytes), align: "right" },
    { title: "IN BLOCKS", show: (one) => formatSize(one.poolBytes), align: "right" },
    { title: "BLOCKS", show: (one) => String(one.blocks), align: "right" },
    { title: "SPILLED", show: (one) => formatSize(one.spilledBytes), align: "right" },
  ];
  return formatTable(executors, columns, "");
}

function showWarning({ message, lasting, firstAt, lastAt, count }: WarningRecord): string {
  const times = count === 1 ? "" : `, ${count} times${lasting ? "" : ` since ${formatTime(firstAt)}`}`;
  return `${lasting ? `since ${formatTime(firstAt)}` : formatTime(lastAt)}${times}: ${message}`;
}

export function showBatches(batches: readonly BatchSummary[]): string {
  const ms = (n: number | undefined): string => (n === undefined ? "-" : formatDuration(n));
  const columns: readonly TableColumn<BatchSummary>[] = [
    { title: "TIME", show: (batch) => formatTime(batch.time, true) },
    { title: "STATE", show: (batch) => batch.state },
    { title: "RECORDS", show: (batch) => String(batch.records), align: "right" },
    { title: "READ", show: (batch) => String(batch.recordsRead), align: "right" },
    { title: "DELAY", show: (batch) => ms(batch.schedulingDelayMs), align: "right" },
    { title: "PROCESSING", show: (batch) => ms(batch.processingMs), align: "right" },
    { title: "TASKS", show: (batch) => String(batch.tasks), align: "right" },
    { title: "TASK TIME", show: (batch) => ms(Math.round(batch.taskMs)), align: "right" },
    { title: "SPILLED", show: (batch) => formatSize(batch.spilledBytes), align: "right" },
    { title: "ERROR", show: (batch) => firstLine(batch.error?.message ?? "") },
  ];
  return formatTable(batches, columns, "no batches yet");
}

/** @param now Epoch milliseconds. */
export function showExecutors(executors: readonly ExecutorSummary[], now: number): string {
  const columns: readonly TableColumn<ExecutorSummary>[] = [
    { title: "ID", show: (one) => one.id },
    { title: "HOST", show: (one) => one.host },
    { title: "STATE", show: (one) => one.state },
    { title: "SLOTS", show: (one) => String(one.slots), align: "right" },
    { title: "MEMORY", show: (one) => formatSize(one.memoryBytes), align: "right" },
    { title: "USED", show: (one) => formatSize(one.rssBytes), align: "right" },
    { title: "SEEN", show: (one) => `${formatDuration(Math.max(0, now - one.lastSeenAt))} ago`, align: "right" },
    { title: "JOBS", show: (one) => (one.jobs.length === 0 ? "-" : one.jobs.join(" ")) },
  ];
  const waits = executors
    .filter(({ waitsFor }) => waitsFor.length > 0)
    .map(({ id, waitsFor }) => `\n${id} drains, waiting for\n${waitsFor.map((what) => `  ${what}\n`).join("")}`);
  const table = formatTable(executors, columns, "no executors: start one with millrace executor --driver HOST:PORT");
  return `${table}${waits.join("")}`;
}

function showDraining({ by, waitsFor }: DrainSummary, now: number): string {
  const limit = `at once in ${formatDuration(millis(Math.max(0, by - now)))}`;
  return waitsFor.length === 0 ? limit : `after ${waitsFor.join("; ")}; ${limit}`;
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n             ");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
