import { warningKind } from "@millrace/base";

/** Makes a warning of a subject and a message. */
export type MakeWarning = ReturnType<typeof warningKind>;

/** Every warning that the use of the public classes gives; a section each in docs/errors.md. */
export const stoppedInBuild = warningKind("STOPPED_IN_BUILD");
export const capturesLarge = warningKind("CAPTURES_LARGE");
export const sliceBetweenBatches = warningKind("SLICE_BETWEEN_BATCHES");
export const taskFailedLate = warningKind("TASK_FAILED_LATE");
export const loopSlow = warningKind("LOOP_SLOW", { lasting: true });
export const filesUnreachable = warningKind("FILES_UNREACHABLE");
export const filesLeftAlone = warningKind("FILES_LEFT_ALONE");
export const filesEmpty = warningKind("FILES_EMPTY");
export const filesVanished = warningKind("FILES_VANISHED");
export const filesReadAgain = warningKind("FILES_READ_AGAIN");
export const filesGivenUp = warningKind("FILES_GIVEN_UP");
/** The conditions of a file stream's directory: at most one of them holds for a stream. */
export const directoryMissing = warningKind("DIRECTORY_MISSING", { lasting: true });
export const directoryUnlistable = warningKind("DIRECTORY_UNLISTABLE", { lasting: true });
export const listingSlow = warningKind("LISTING_SLOW", { lasting: true });
