import { errorKind } from "@millrace/base";

/** Every error that the use of the public classes gives; a section each in docs/errors.md. */
export const badJobOptions = errorKind("BAD_JOB_OPTIONS", "user");
export const notAJob = errorKind("NOT_A_JOB", "user");
export const jobCodeFailed = errorKind("JOB_CODE_FAILED", "user");
export const noOutput = errorKind("NO_OUTPUT", "user");
export const graphClosed = errorKind("GRAPH_CLOSED", "user");
export const otherContext = errorKind("OTHER_CONTEXT", "user");
export const actionTooEarly = errorKind("ACTION_TOO_EARLY", "user");
export const badArgument = errorKind("BAD_ARGUMENT", "user");
export const notFinite = errorKind("NOT_FINITE", "user");
export const emptyCollection = errorKind("EMPTY_COLLECTION", "user");
export const transformResult = errorKind("TRANSFORM_RESULT", "user");
export const nameTaken = errorKind("NAME_TAKEN", "user");
export const outputExists = errorKind("OUTPUT_EXISTS", "user");
export const outputLost = errorKind("OUTPUT_LOST", "environment");
export const badRecordLength = errorKind("BAD_RECORD_LENGTH", "user");
export const inputMissing = errorKind("INPUT_MISSING", "user");
export const broadcastDestroyed = errorKind("BROADCAST_DESTROYED", "user");
export const broadcastMisused = errorKind("BROADCAST_MISUSED", "user");
export const accumulatorMisused = errorKind("ACCUMULATOR_MISUSED", "user");
export const noTask = errorKind("NO_TASK", "user");
export const receiverDetached = errorKind("RECEIVER_DETACHED", "user");
export const badWindow = errorKind("BAD_WINDOW", "user");
export const windowForgotten = errorKind("WINDOW_FORGOTTEN", "environment");
export const sliceForgotten = errorKind("SLICE_FORGOTTEN", "user");
export const levelFixed = errorKind("LEVEL_FIXED", "user");
