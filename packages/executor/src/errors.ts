import { type ErrorFactory, errorKind } from "@millrace/base";

/** A slot thread does not end although it was told to: a native call blocks it. The process ends itself. */
export const slotStuck: ErrorFactory = errorKind("SLOT_STUCK", "user", "same-task");
/** More tasks were sent here than an executor keeps. */
export const tooManyTasks: ErrorFactory = errorKind("TOO_MANY_TASKS", "engine", "same-task");
/** A task names a stage that was not announced here, or is over. */
export const stageUnknown: ErrorFactory = errorKind("STAGE_UNKNOWN", "engine", "same-task");
/** A block has another length than its makers said. */
export const blockSizeWrong: ErrorFactory = errorKind("BLOCK_SIZE_WRONG", "environment", "parent-stage");
/** The only holder of a block is not an executor of this job any more. */
export const holderUnknown: ErrorFactory = errorKind("HOLDER_UNKNOWN", "environment", "parent-stage");
/** A source cannot be reached, or ended. */
export const sourceDown: ErrorFactory = errorKind("SOURCE_DOWN", "environment", "same-task");
/** A receiver of the job's own failed, or asked to be started again. */
export const receiverFailed: ErrorFactory = errorKind("RECEIVER_FAILED", "user", "same-task");
/** A receiver stores faster than it waits for. */
export const receiverOverrun: ErrorFactory = errorKind("RECEIVER_OVERRUN", "user");
/** Records were given to `store` when the receiver had stopped. */
export const receiverClosed: ErrorFactory = errorKind("RECEIVER_CLOSED", "user");
/** Code of the job keeps a receiver's thread from taking its turn. */
export const receiverStuck: ErrorFactory = errorKind("RECEIVER_STUCK", "user", "same-task");
/** A thread of receivers ended. */
export const receiverThreadEnded: ErrorFactory = errorKind("RECEIVER_THREAD_ENDED", "user", "same-task");
/** A job's executor process was ended for using too much memory. */
export const executorOutOfMemory: ErrorFactory = errorKind("EXECUTOR_OUT_OF_MEMORY", "user", "same-task");
/** A job's executor process was ended from outside. */
export const executorKilled: ErrorFactory = errorKind("EXECUTOR_KILLED", "environment", "same-task");
/** A job's executor process ended by itself. */
export const executorExited: ErrorFactory = errorKind("EXECUTOR_EXITED", "environment", "same-task");
/** An executor that was told to leave ended with jobs that still depended on it. */
export const graceOver: ErrorFactory = errorKind("GRACE_OVER", "environment");
/** The memory that was given cannot hold a slot. */
export const memoryTooSmall: ErrorFactory = errorKind("MEMORY_TOO_SMALL", "user");
