import {
  clauseOf,
  type ExecutorId,
  formatDuration,
  type Millis,
  type Warning,
  type WarningFactory,
  type WireError,
  warningKind,
  warningOf,
} from "@millrace/base";
import { noExecutors } from "../warnings.ts";

/** The subject of events that happen once per job. */
const JOB = "";

const jobCodeCutOff: WarningFactory = warningKind("JOB_CODE_CUT_OFF");
const jobCodeFailedLate: WarningFactory = warningKind("JOB_CODE_FAILED_LATE");
const receiversCutOff: WarningFactory = warningKind("RECEIVERS_CUT_OFF");

/** A condition that holds until an executor is ready. */
export const waiting: Warning = noExecutors(
  "job",
  "the job is built, but no executor is ready, so its batches have not started. They start by themselves as soon as one is.",
);

/** The error of an executor that cannot be used, as the reason why the job is not started. */
export const notStarted = (error: WireError): WireError => ({
  ...error,
  message: `${error.message} The job is not started.`,
});

export const notUsed = (executor: ExecutorId, { message }: WireError): Warning =>
  warningOf(`${message} The job does not use this executor, and tries it again after a pause.`, { subject: executor });

export const codeCutOff = (limit: Millis): Warning =>
  jobCodeCutOff(
    JOB,
    `the job's code did not finish within ${limit} ms after the last batch and is cut off. ` +
      "Make stop() of its input streams return, and read toAsyncIterable to its end.",
  );

export const codeFailedLate = (error: string): Warning =>
  jobCodeFailedLate(JOB, `the job's code failed after the last batch with an uncaught error: ${clauseOf(error)}.`);

/** Nothing is lost: all requested batches are done. */
export const receiversHang = (limit: Millis): Warning =>
  receiversCutOff(
    JOB,
    `receivers did not stop within stop.timeout = ${formatDuration(limit)} after the last batch and are cut off. ` +
      "Make onStop return.",
  );
