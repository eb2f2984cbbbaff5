import { type ErrorFactory, errorKind } from "@millrace/base";

/** Mistakes in tests of jobs; each has a section in docs/errors.md. */
export const testSourceUnknown: ErrorFactory = errorKind("TEST_SOURCE_UNKNOWN", "user");
export const testFeedRefused: ErrorFactory = errorKind("TEST_FEED_REFUSED", "user");
export const testPrintUnknown: ErrorFactory = errorKind("TEST_PRINT_UNKNOWN", "user");
export const testJobEnded: ErrorFactory = errorKind("TEST_JOB_ENDED", "user");
