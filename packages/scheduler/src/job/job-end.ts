import {
  type EpochMs,
  type ErrorFactory,
  errorKind,
  formatDuration,
  type Millis,
  toWireError,
  unreachable,
  type WireError,
} from "@millrace/base";
import type { BatchesEnd } from "../batches/batch-events.ts";
import { unprocessed } from "../receivers/received-blocks.ts";
import type { ReceivedCount, ReceiverTracker } from "../receivers/receiver-state.ts";

export const jobStopped: ErrorFactory = errorKind("JOB_STOPPED", "user");

/** The end of a job. `killed`: input or received data was discarded, or an operator killed it. */
export type JobEnd =
  | { readonly state: "finished" }
  | { readonly state: "failed" | "killed"; readonly error: WireError };

/** The reason why a job was ended at once. */
export type CutReason =
  /** Its drain exceeded `stop.timeout`. */
  | { readonly kind: "timeout"; readonly limit: Millis }
  /** There was no executor to drain on. */
  | { readonly kind: "alone"; readonly limit: Millis }
  /** The driver shuts down, and its `--grace` is over. */
  | { readonly kind: "grace"; readonly limit: Millis }
  /** An operator asked for it: `millrace kill`, a second Ctrl-C. */
  | { readonly kind: "operator" }
  /** `ssc.stop()` without `graceful`. */
  | { readonly kind: "job" };

/** Received data that was not processed, as far as is known. */
export interface ReceivedLoss {
  /** Received, but in no batch that was processed to its end. */
  readonly unprocessed: ReceivedCount;
  /** Lost with executors since the stop was requested. */
  readonly lost: ReceivedCount;
  /** Receivers that did not hand over their data. */
  readonly cutOff: readonly string[];
}

/** @param state The receivers after the last batch has ended or was cut off. */
export function receivedLoss(state: ReceiverTracker): ReceivedLoss {
  const stopping = [...state.receivers.values()].filter((receiver) => receiver.state === "stopping");
  return {
    unprocessed: unprocessed(state),
    lost: { ...state.lost },
    cutOff: [...state.cutOff, ...stopping.map(({ declared }) => declared.name)],
  };
}

/**
 * The end of a job whose batches have ended: `finished` if nothing was discarded.
 *
 * @param asked The reason why it was ended at once, if it was.
 */
export function endOfJob(batches: BatchesEnd, asked: CutReason | undefined, received: ReceivedLoss): JobEnd {
  if (batches.kind === "failed") return { state: "failed", error: batches.error };
  if (batches.kind === "finished" && batches.bounded) return { state: "finished" };
  const lost = losses(batches, received);
  if (lost.length === 0 && asked?.kind !== "operator" && asked?.kind !== "grace") return { state: "finished" };
  return { state: "killed", error: killed(asked, lost) };
}

/** The end of a job that is ended at once before its first batch. */
export function endBeforeBatches(asked: CutReason): JobEnd {
  const error = jobStopped(`${why(asked)}, before its first batch. Nothing of it ran. Submit it again.`);
  return { state: "killed", error: toWireError(error) };
}

/** The end of a job that is ended at once during a commit that does not finish in time. */
export function endInCommit(asked: CutReason, limit: Millis): JobEnd {
  const error = jobStopped(
    `${why(asked)}. A commit was in progress and did not finish within ${formatDuration(limit)}: some outputs of its batch may be ` +
      `visible and others not. ${remedy(asked)}`,
  );
  return { state: "killed", error: toWireError(error) };
}

function killed(asked: CutReason | undefined, lost: readonly string[]): WireError {
  const what = lost.length === 0 ? "No batch was cut off, and no received data is lost" : capital(list(lost));
  return toWireError(jobStopped(`${why(asked)}. ${what}. ${remedy(asked)}`));
}

function why(asked: CutReason | undefined): string {
  switch (asked?.kind) {
    case undefined:
      return "the job drained, but executors ended before they had handed over their data";
    case "timeout":
      return `the job did not drain within stop.timeout = ${formatDuration(asked.limit)} and was ended at once`;
    case "alone":
      return `the job was draining and had no executor for ${formatDuration(asked.limit)}: it was ended at once`;
    case "grace":
      return `the driver is shutting down, and the job did not drain within --grace = ${formatDuration(asked.limit)}: it was ended at once`;
    case "operator":
      return "the job was ended at once, as asked";
    case "job":
      return "the job ended itself at once, by ssc.stop()";
    default:
      return unreachable(asked);
  }
}

function remedy(asked: CutReason | undefined): string {
  switch (asked?.kind) {
    case undefined:
      return "Give executors a longer --grace than the driver's, and end them after it.";
    case "timeout":
      return "Raise stop.timeout to give it longer.";
    case "alone":
      return "Stop the job, or the driver, before its executors.";
    case "grace":
      return "Give the driver a longer --grace.";
    case "operator":
      return "`millrace stop`, or a single Ctrl-C, lets a job finish what it has received.";
    case "job":
      return "ssc.stop({ graceful: true }) processes what was received first.";
    default:
      return unreachable(asked);
  }
}

function losses(batches: Exclude<BatchesEnd, { readonly kind: "failed" }>, received: ReceivedLoss): string[] {
  const lost: string[] = [];
  if (batches.kind === "killed") {
    const { cutOff, notRun, unread } = batches;
    if (cutOff !== undefined) lost.push(`batch ${cutOff} (${iso(cutOff)}) was cut off`);
    if (notRun > 0) lost.push(`${many(notRun, "batch that waited", "batches that waited")} did not run`);
    if (unread) lost.push("files and other input that appeared since the last batch were not read");
  }
  const { unprocessed: left, lost: gone, cutOff } = received;
  if (left.blocks > 0) lost.push(`${records(left)} were received but not processed`);
  if (gone.blocks > 0) lost.push(`${records(gone)} were lost with their executors`);
  for (const name of cutOff) lost.push(`receiver ${name} did not hand over its data`);
  return lost;
}

const records = ({ records: n, blocks }: ReceivedCount): string =>
  `${many(n, "record", "records")} in ${many(blocks, "block", "blocks")}`;

const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;

const iso = (time: EpochMs): string => new Date(time).toISOString();

/** `a, b and c` */
function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
