import { type ErrorFactory, errorKind } from "@millrace/base";

export const badUsage: ErrorFactory = errorKind("BAD_USAGE", "user");
export const badMaster: ErrorFactory = errorKind("BAD_MASTER", "user");
export const tokenUnreadable: ErrorFactory = errorKind("TOKEN_UNREADABLE", "user");
export const outputUnwritable: ErrorFactory = errorKind("OUTPUT_UNWRITABLE", "environment");
export const driverNotReached: ErrorFactory = errorKind("DRIVER_NOT_REACHED", "environment");
export const driverUnknown: ErrorFactory = errorKind("DRIVER_UNKNOWN", "user");
export const filesNotWatched: ErrorFactory = errorKind("FILES_NOT_WATCHED", "environment");
export const inputUnreadable: ErrorFactory = errorKind("INPUT_UNREADABLE", "user");
export const checkpointElsewhere: ErrorFactory = errorKind("CHECKPOINT_ELSEWHERE", "environment");
export const jobWithoutCheckpoint: ErrorFactory = errorKind("JOB_WITHOUT_CHECKPOINT", "user");
export const stateKeyMissing: ErrorFactory = errorKind("STATE_KEY_MISSING", "user");
export const stateLineInvalid: ErrorFactory = errorKind("STATE_LINE_INVALID", "user");
