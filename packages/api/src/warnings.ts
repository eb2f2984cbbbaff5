import { type WarningFactory, warningKind } from "@millrace/base";

/** Makes a warning of a subject and a message. */
export type MakeWarning = ReturnType<typeof warningKind>;

/** The warnings of using the public classes; each has a section in docs/errors.md. */
export const stoppedInBuild: WarningFactory = warningKind("STOPPED_IN_BUILD");
export const capturesLarge: WarningFactory = warningKind("CAPTURES_LARGE");
export const sliceBetweenBatches: WarningFactory = warningKind("SLICE_BETWEEN_BATCHES");
export const taskFailedLate: WarningFactory = warningKind("TASK_FAILED_LATE");
export const loopSlow: WarningFactory = warningKind("LOOP_SLOW", { lasting: true });
export const checkpointInputLost: WarningFactory = warningKind("CHECKPOINT_INPUT_LOST");
export const checkpointUnlogged: WarningFactory = warningKind("CHECKPOINT_UNLOGGED");
export const checkpointUnnamed: WarningFactory = warningKind("CHECKPOINT_UNNAMED");
export const filesUnreachable: WarningFactory = warningKind("FILES_UNREACHABLE");
export const filesLeftAlone: WarningFactory = warningKind("FILES_LEFT_ALONE");
export const filesEmpty: WarningFactory = warningKind("FILES_EMPTY");
export const filesVanished: WarningFactory = warningKind("FILES_VANISHED");
export const filesReadAgain: WarningFactory = warningKind("FILES_READ_AGAIN");
export const filesGivenUp: WarningFactory = warningKind("FILES_GIVEN_UP");
/** The conditions of a file stream's directory: at most one of them holds for a stream. */
export const directoryMissing: WarningFactory = warningKind("DIRECTORY_MISSING", { lasting: true });
export const directoryUnlistable: WarningFactory = warningKind("DIRECTORY_UNLISTABLE", { lasting: true });
export const listingSlow: WarningFactory = warningKind("LISTING_SLOW", { lasting: true });
/** What a source of a package reports: something that has happened, or what keeps it from its records. */
export const sourceWarned: WarningFactory = warningKind("SOURCE_WARNED");
export const sourceWaiting: WarningFactory = warningKind("SOURCE_WAITING", { lasting: true });
