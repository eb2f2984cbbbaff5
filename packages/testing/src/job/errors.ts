import { errorKind } from "@millrace/base";

/** What a test of a job does wrong; a section each in docs/errors.md. */
export const testSourceUnknown = errorKind("TEST_SOURCE_UNKNOWN", "user");
export const testFeedRefused = errorKind("TEST_FEED_REFUSED", "user");
export const testPrintUnknown = errorKind("TEST_PRINT_UNKNOWN", "user");
export const testJobEnded = errorKind("TEST_JOB_ENDED", "user");
