import type { BatchFailure, BatchInputReport, BatchOutcome } from "@millrace/api/engine";
import {
  clauseOf,
  EngineError,
  type EpochMs,
  type ErrorFactory,
  errorKind,
  fromWireError,
  toWireError,
  unreachable,
  type WireError,
} from "@millrace/base";
import type { PreparedBatch } from "@millrace/plan";
import type { RefusedOutput } from "@millrace/scheduler";

const batchFailed: ErrorFactory = errorKind("BATCH_FAILED", "user");

const PARTS_TOLD_MAX = 5;
const FILES_TOLD_MAX = 5;

/** A failed part of a batch, in words. */
interface FailedPart {
  readonly what: string;
  readonly error: WireError;
}

/** The outcome of a batch's outputs, as reported by the job thread. */
export interface WireBatchOutcome {
  /** Work that counts once the batch is committed. */
  readonly prepared: PreparedBatch;
  /** Failures in the order of execution; empty if everything succeeded. */
  readonly failed: readonly FailedPart[];
  readonly inputs: readonly BatchInputReport[];
}

export function toWireOutcome({ prepared, failures, inputs }: BatchOutcome): WireBatchOutcome {
  const failed = failures.map((failure) => ({ what: whatOf(failure), error: toWireError(failure.error) }));
  return { prepared, failed, inputs };
}

/** Adds the outputs whose commit failed. */
export function withRefused(report: WireBatchOutcome, refused: readonly RefusedOutput[]): WireBatchOutcome {
  const failed = refused.map(({ prepared, error }) => ({ what: prepared.output.label, error }));
  return { ...report, failed: [...report.failed, ...failed] };
}

function whatOf(failure: BatchFailure): string {
  switch (failure.part) {
    case "output":
      return failure.output.label;
    case "state":
      return `the state of ${failure.name}, which stays as it was before the batch`;
    case "stream":
      return `${failure.name}, which later batches need`;
    case "job":
      return "the start of the job's own inputs";
    default:
      return unreachable(failure);
  }
}

/** Everything that the operator needs to know of a failed batch; `cause`: the first error. */
export function batchFailure(
  time: EpochMs,
  report: Pick<WireBatchOutcome, "failed" | "inputs">,
  options: { readonly received: readonly BatchInputReport[]; readonly goesOn: boolean },
): EngineError | undefined {
  const [first] = report.failed;
  if (first === undefined) return undefined;
  const at = new Date(time).toISOString();
  const next = options.goesOn
    ? `The job goes on without it: ${laterOf(report.inputs)}. With batch.failure=stop it would end.`
    : "The job stops. With batch.failure=continue it would go on without this batch.";
  const message = `batch ${at} failed: ${partsOf(report.failed)}. Its input: ${inputOf([...options.received, ...report.inputs])}. ${next}`;
  return new EngineError({ ...batchFailed, blame: first.error.kind?.blame ?? batchFailed.blame }, message, {
    cause: fromWireError(first.error),
    fields: { batch: time, failed: report.failed.length },
  });
}

function laterOf(inputs: readonly BatchInputReport[]): string {
  const files = inputs.reduce((sum, { returned }) => sum + returned, 0);
  if (files === 0) return "what its outputs left undone is not made up for";
  return `the next batch reads ${files === 1 ? "1 file" : `${files} files`} of it again, and the rest of it is not made up for`;
}

function partsOf(failed: readonly FailedPart[]): string {
  const told = new Map<string, string>();
  const parts = failed.slice(0, PARTS_TOLD_MAX).map(({ what, error }) => {
    const why = headline(error);
    const same = told.get(why);
    if (same !== undefined) return `${what}, as ${same}`;
    told.set(why, what);
    return `${what}: ${why}`;
  });
  const more = failed.length - parts.length;
  return parts.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function headline(error: WireError): string {
  const text = clauseOf(error.message.split("\n", 1)[0] ?? "");
  return error.kind === undefined ? `${error.name}: ${text}` : text;
}

function inputOf(inputs: readonly BatchInputReport[]): string {
  const brought = inputs.filter(({ records, files }) => records > 0 || files.length > 0);
  if (brought.length === 0) return "nothing";
  return brought
    .map(({ name, records, files }) => `${name} ${files.length > 0 ? filesOf(files) : recordsOf(records)}`)
    .join(", ");
}

const recordsOf = (records: number): string => `${records} record${records === 1 ? "" : "s"}`;

function filesOf(files: readonly string[]): string {
  const more = files.length - FILES_TOLD_MAX;
  const names = files.slice(0, FILES_TOLD_MAX).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `${files.length} file${files.length === 1 ? "" : "s"} (${names})`;
}
