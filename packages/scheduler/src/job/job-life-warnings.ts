import { clauseOf, formatDuration, type Millis, type Warning, type WarningFactory, warningKind } from "@millrace/base";
import { noExecutors } from "../warnings.ts";

/** The subject of events that happen once per job. */
const JOB = "";

const jobCodeCutOff: WarningFactory = warningKind("JOB_CODE_CUT_OFF");
const jobCodeFailedLate: WarningFactory = warningKind("JOB_CODE_FAILED_LATE");
const receiversCutOff: WarningFactory = warningKind("RECEIVERS_CUT_OFF");

/** Holds until an executor is ready. */
export const waiting: Warning = noExecutors(
  "job",
  "the job is built and no executor is ready: no batch has begun. It begins by itself when one is.",
);

export const codeCutOff = (limit: Millis): Warning =>
  jobCodeCutOff(
    JOB,
    `code of the job did not come to an end within ${limit} ms after the last batch and is cut off. ` +
      "Let stop() of its input streams return, and read what toAsyncIterable gives to its end.",
  );

export const codeFailedLate = (error: string): Warning =>
  jobCodeFailedLate(
    JOB,
    `code of the job failed after the last batch, by an error that nothing caught: ${clauseOf(error)}.`,
  );

/** Nothing was lost by it: all wanted batches are done. */
export const receiversHang = (limit: Millis): Warning =>
  receiversCutOff(
    JOB,
    `receivers have not stopped within stop.timeout = ${formatDuration(limit)} after the last batch and are cut off. ` +
      "Let onStop return.",
  );
