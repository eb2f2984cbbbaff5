import { executorId, jobId, type StreamId, streamId, unreachable } from "@millrace/base";
import {
  blockId,
  type TaskMetrics,
  type TaskOutcome,
  type TaskResult,
  type TaskStatus,
  type TaskTally,
} from "@millrace/plan";
import type { HeldRun, ReceivedBlock, ReceiverStatus } from "@millrace/scheduler";
import type {
  FromExecutor as WireInput,
  FromExecutor__Output as WireOutput,
} from "../gen/millrace/session/v1/FromExecutor.ts";
import type { HeldRun__Output as RunOutput } from "../gen/millrace/session/v1/HeldRun.ts";
import type { MapOutput__Output as MapOutput } from "../gen/millrace/session/v1/MapOutput.ts";
import type { ReceivedBlock__Output as BlockOutput } from "../gen/millrace/session/v1/ReceivedBlock.ts";
import type {
  ReceiverReport as ReportInput,
  ReceiverReport__Output as ReportOutput,
} from "../gen/millrace/session/v1/ReceiverReport.ts";
import type {
  ResultOutcome as ResultInput,
  ResultOutcome__Output as ResultOutput,
} from "../gen/millrace/session/v1/ResultOutcome.ts";
import type { TaskMetrics__Output as MetricsOutput } from "../gen/millrace/session/v1/TaskMetrics.ts";
import type {
  TaskStatus as StatusInput,
  TaskStatus__Output as StatusOutput,
} from "../gen/millrace/session/v1/TaskStatus.ts";
import type { FromExecutor } from "../session.ts";
import { decodeError, encodeError } from "./error.ts";
import { decodeKey, encodeKey, executorIds, holder } from "./plan.ts";
import { malformed, ownBytes, required, wireBytes } from "./required.ts";
import { decodeVersion, encodeVersion } from "./state.ts";

export function encodeFromExecutor(message: FromExecutor): WireInput {
  switch (message.type) {
    case "hello": {
      const { protocol, job, executor, slots, data, pid, zone } = message;
      return { hello: { protocol, job, executor, slots, data, pid, zone } };
    }
    case "held":
      return { held: { blocks: message.blocks.map(encodeReceived), runs: [...message.runs] } };
    case "ready":
      return { ready: {} };
    case "unfit":
      return { unfit: { error: encodeError(message.error) } };
    case "tasks":
      return { tasks: { statuses: message.statuses.map(encodeStatus) } };
    case "received":
      return { received: { stream: message.stream, blocks: message.blocks.map(encodeReceived) } };
    case "blocksCopied":
      return { blocksCopied: { copied: [...message.copied], failed: [...message.failed] } };
    case "receiver":
      return { receiver: encodeReport(message.stream, message.status) };
    case "heartbeat": {
      const { rssBytes, poolBytes, blocks, spilledBytes } = message;
      return { heartbeat: { rssBytes, poolBytes, blocks, spilledBytes } };
    }
    case "leaving":
      return { leaving: {} };
    case "trouble":
      return { trouble: { error: encodeError(message.error) } };
    case "settled":
      return { settled: {} };
    case "failed":
      return { failed: { error: encodeError(message.error) } };
    default:
      return unreachable(message);
  }
}

/** @throws MESSAGE_MALFORMED Parts are missing, or the type is unknown. */
export function decodeFromExecutor(wire: WireOutput): FromExecutor {
  if (wire.tasks) return { type: "tasks", statuses: wire.tasks.statuses.map(decodeStatus) };
  if (wire.received) {
    const { stream, blocks } = wire.received;
    return {
      type: "received",
      stream: streamId(stream),
      blocks: blocks.map(decodeReceived),
    };
  }
  if (wire.held)
    return { type: "held", blocks: wire.held.blocks.map(decodeReceived), runs: wire.held.runs.map(decodeRun) };
  if (wire.blocksCopied) {
    const { copied, failed } = wire.blocksCopied;
    return { type: "blocksCopied", copied: copied.map(blockId), failed: failed.map(blockId) };
  }
  if (wire.receiver)
    return { type: "receiver", stream: streamId(wire.receiver.stream), status: decodeReport(wire.receiver) };
  if (wire.heartbeat) {
    const { rssBytes, poolBytes, blocks, spilledBytes } = wire.heartbeat;
    return { type: "heartbeat", rssBytes, poolBytes, blocks, spilledBytes };
  }
  if (wire.hello) {
    const { protocol, job, executor, slots, pid, zone } = wire.hello;
    const { host, port } = required(wire.hello.data, "data address");
    return {
      type: "hello",
      protocol,
      job: jobId(job),
      executor: executorId(executor),
      slots,
      data: { host, port },
      pid,
      zone,
    };
  }
  if (wire.ready) return { type: "ready" };
  if (wire.unfit) return { type: "unfit", error: decodeError(required(wire.unfit.error, "error")) };
  if (wire.leaving) return { type: "leaving" };
  if (wire.trouble) return { type: "trouble", error: decodeError(required(wire.trouble.error, "error")) };
  if (wire.settled) return { type: "settled" };
  if (wire.failed) return { type: "failed", error: decodeError(required(wire.failed.error, "error")) };
  throw malformed("an executor sent a message of an unknown type");
}

function decodeReceived(block: BlockOutput): ReceivedBlock {
  return {
    id: blockId(block.id),
    bytes: block.sizeBytes,
    records: block.records,
    at: executorIds(block.at),
    ...(block.logged === null ? {} : { logged: block.logged }),
    ...(block.position === undefined ? {} : { position: ownBytes(block.position) }),
  };
}

function decodeRun({ stream, epoch, run, after, running }: RunOutput): HeldRun {
  return { stream: streamId(stream), epoch, run, ...(after === null ? {} : { after }), running };
}

function encodeReceived({ id, bytes, records, at, logged, position }: ReceivedBlock) {
  return {
    ...{ id, sizeBytes: bytes, records, at: [...at] },
    ...(logged === undefined ? {} : { logged }),
    ...(position === undefined ? {} : { position: wireBytes(position) }),
  };
}

function encodeStatus(status: TaskStatus): StatusInput {
  const key = encodeKey(status.task);
  const { outcome } = status;
  switch (outcome.kind) {
    case "mapOutput":
      return {
        key,
        mapOutput: {
          partitionBytes: [...outcome.bytes],
          ...(outcome.copies === undefined ? {} : { copies: outcome.copies.map(wireBytes) }),
          ...(outcome.replica === undefined ? {} : { replica: outcome.replica }),
          checksum: outcome.checksum,
          metrics: outcome.metrics,
          accumulators: wireBytes(outcome.accumulators),
          ...stateOf(outcome),
        },
      };
    case "result":
      return {
        key,
        result: {
          ...encodeResult(outcome.result),
          metrics: outcome.metrics,
          accumulators: wireBytes(outcome.accumulators),
          ...stateOf(outcome),
        },
      };
    case "failed":
      return { key, failed: { error: encodeError(outcome.error) } };
    case "fetchFailed":
      return { key, fetchFailed: { block: outcome.block, holder: outcome.holder, error: encodeError(outcome.error) } };
    case "cancelled":
      return { key, cancelled: {} };
    default:
      return unreachable(outcome);
  }
}

function stateOf({ state }: TaskTally) {
  return state === undefined ? {} : { state: encodeVersion(state) };
}

function encodeResult(result: TaskResult): ResultInput {
  switch (result.kind) {
    case "inline":
      return { inline: wireBytes(result.block) };
    case "block":
      return { block: { id: result.id, sizeBytes: result.bytes } };
    case "written": {
      const { file, bytes, token } = result.file;
      return { written: { file, sizeBytes: bytes, token } };
    }
    default:
      return unreachable(result);
  }
}

function decodeStatus(status: StatusOutput): TaskStatus {
  return { task: decodeKey(status.key), outcome: decodeOutcome(status) };
}

function decodeOutcome(status: StatusOutput): TaskOutcome {
  if (status.mapOutput) {
    const { partitionBytes, copies, replica, checksum } = status.mapOutput;
    return {
      kind: "mapOutput",
      bytes: partitionBytes,
      ...(copies.length === 0 ? {} : { copies: copies.map(ownBytes) }),
      ...(replica === "" ? {} : { replica: executorId(replica) }),
      checksum,
      ...decodeTally(status.mapOutput),
    };
  }
  if (status.result) {
    return { kind: "result", result: decodeResult(status.result), ...decodeTally(status.result) };
  }
  if (status.failed) return { kind: "failed", error: decodeError(required(status.failed.error, "error")) };
  if (status.fetchFailed) {
    const { block, holder: at, error } = status.fetchFailed;
    return {
      kind: "fetchFailed",
      block: blockId(block),
      holder: holder(at),
      error: decodeError(required(error, "error")),
    };
  }
  if (status.cancelled) return { kind: "cancelled" };
  throw malformed("a task's status has an unknown outcome");
}

function decodeTally({ metrics, accumulators, state }: MapOutput | ResultOutput): TaskTally {
  return {
    metrics: decodeMetrics(metrics),
    accumulators: ownBytes(accumulators),
    ...(state === null ? {} : { state: decodeVersion(state) }),
  };
}

function decodeResult(result: ResultOutput): TaskResult {
  if (result.block) return { kind: "block", id: blockId(result.block.id), bytes: result.block.sizeBytes };
  if (result.written) {
    const { file, sizeBytes, token } = result.written;
    return { kind: "written", file: { file, bytes: sizeBytes, token } };
  }
  return { kind: "inline", block: ownBytes(required(result.inline, "result")) };
}

function decodeMetrics(metrics: MetricsOutput | null): TaskMetrics {
  const { runMs, recordsIn, recordsOut, spilledBytes } = required(metrics, "metrics");
  return { runMs, recordsIn, recordsOut, spilledBytes };
}

function encodeReport(stream: StreamId, status: ReceiverStatus): ReportInput {
  switch (status.state) {
    case "running":
      return { stream, running: {} };
    case "retrying":
      return { stream, retrying: { error: encodeError(status.error), retryMs: status.retryMs } };
    case "stopped":
      return { stream, stopped: status.error === undefined ? {} : { error: encodeError(status.error) } };
    case "trouble":
      return { stream, trouble: { error: encodeError(status.error) } };
    case "stuck":
      return { stream, stuck: { error: encodeError(status.error) } };
    case "answering":
      return { stream, answering: {} };
    case "unlogged":
      return { stream, unlogged: { error: encodeError(status.error) } };
    case "logged":
      return { stream, logged: {} };
    default:
      return unreachable(status);
  }
}

function decodeReport(report: ReportOutput): ReceiverStatus {
  if (report.running) return { state: "running" };
  if (report.retrying) {
    const { error, retryMs } = report.retrying;
    return { state: "retrying", error: decodeError(required(error, "error")), retryMs };
  }
  if (report.stopped) {
    const { error } = report.stopped;
    return error === null ? { state: "stopped" } : { state: "stopped", error: decodeError(error) };
  }
  if (report.trouble) return { state: "trouble", error: decodeError(required(report.trouble.error, "error")) };
  if (report.stuck) return { state: "stuck", error: decodeError(required(report.stuck.error, "error")) };
  if (report.answering) return { state: "answering" };
  if (report.unlogged) return { state: "unlogged", error: decodeError(required(report.unlogged.error, "error")) };
  if (report.logged) return { state: "logged" };
  throw malformed("a receiver's report has an unknown state");
}
