import { type ErrorFactory, errorKind } from "@millrace/base";

/** A slot thread does not terminate: a native call blocks it. The process ends itself. */
export const slotStuck: ErrorFactory = errorKind("SLOT_STUCK", "user", "same-task");
/** More tasks were sent here than an executor keeps. */
export const tooManyTasks: ErrorFactory = errorKind("TOO_MANY_TASKS", "engine", "same-task");
/** A task names a stage that was not announced here, or has ended. */
export const stageUnknown: ErrorFactory = errorKind("STAGE_UNKNOWN", "engine", "same-task");
/** The length of a block differs from the announced one. */
export const blockSizeWrong: ErrorFactory = errorKind("BLOCK_SIZE_WRONG", "environment", "parent-stage");
/** The only holder of a block is no longer an executor of this job. */
export const holderUnknown: ErrorFactory = errorKind("HOLDER_UNKNOWN", "environment", "parent-stage");
/** A source cannot be reached, or ended. */
export const sourceDown: ErrorFactory = errorKind("SOURCE_DOWN", "environment", "same-task");
/** A receiver of the job's own failed, or requested a restart. */
export const receiverFailed: ErrorFactory = errorKind("RECEIVER_FAILED", "user", "same-task");
/** A receiver stores without awaiting, beyond the limit. */
export const receiverOverrun: ErrorFactory = errorKind("RECEIVER_OVERRUN", "user");
/** A receiver gave more as its position than blocks and batches may carry. */
export const positionTooLarge: ErrorFactory = errorKind("POSITION_TOO_LARGE", "user");
/** Records were stored after the receiver had stopped. */
export const receiverClosed: ErrorFactory = errorKind("RECEIVER_CLOSED", "user");
/** The job's code blocks the event loop of a receiver's thread. */
export const receiverStuck: ErrorFactory = errorKind("RECEIVER_STUCK", "user", "same-task");
/** A thread of receivers ended. */
export const receiverThreadEnded: ErrorFactory = errorKind("RECEIVER_THREAD_ENDED", "user", "same-task");
/** A job's executor process was killed for using too much memory. */
export const executorOutOfMemory: ErrorFactory = errorKind("EXECUTOR_OUT_OF_MEMORY", "user", "same-task");
/** A job's executor process was killed from outside. */
export const executorKilled: ErrorFactory = errorKind("EXECUTOR_KILLED", "environment", "same-task");
/** A job's executor process exited without being asked to. */
export const executorExited: ErrorFactory = errorKind("EXECUTOR_EXITED", "environment", "same-task");
/** The grace period of a leaving executor ended while jobs still depended on it. */
export const graceOver: ErrorFactory = errorKind("GRACE_OVER", "environment");
/** The given memory is not enough for a slot. */
export const memoryTooSmall: ErrorFactory = errorKind("MEMORY_TOO_SMALL", "user");
