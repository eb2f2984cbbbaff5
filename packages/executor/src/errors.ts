import { errorKind } from "@millrace/base";

/** A slot thread does not end although it was told to: a native call blocks it. The process ends itself. */
export const slotStuck = errorKind("SLOT_STUCK", "user", "same-task");
/** More tasks were sent here than an executor keeps. */
export const tooManyTasks = errorKind("TOO_MANY_TASKS", "engine", "same-task");
/** A task names a stage that was not announced here, or is over. */
export const stageUnknown = errorKind("STAGE_UNKNOWN", "engine", "same-task");
/** A block has another length than its makers said. */
export const blockSizeWrong = errorKind("BLOCK_SIZE_WRONG", "environment", "parent-stage");
/** The only holder of a block is not an executor of this job any more. */
export const holderUnknown = errorKind("HOLDER_UNKNOWN", "environment", "parent-stage");
/** A source cannot be reached, or ended. */
export const sourceDown = errorKind("SOURCE_DOWN", "environment", "same-task");
/** A receiver of the job's own failed, or asked to be started again. */
export const receiverFailed = errorKind("RECEIVER_FAILED", "user", "same-task");
/** A receiver stores faster than it waits for. */
export const receiverOverrun = errorKind("RECEIVER_OVERRUN", "user");
/** Records were given to `store` when the receiver had stopped. */
export const receiverClosed = errorKind("RECEIVER_CLOSED", "user");
/** Code of the job keeps a receiver's thread from taking its turn. */
export const receiverStuck = errorKind("RECEIVER_STUCK", "user", "same-task");
/** A thread of receivers ended. */
export const receiverThreadEnded = errorKind("RECEIVER_THREAD_ENDED", "user", "same-task");
/** A job's executor process was ended for using too much memory. */
export const executorOutOfMemory = errorKind("EXECUTOR_OUT_OF_MEMORY", "user", "same-task");
/** A job's executor process was ended from outside. */
export const executorKilled = errorKind("EXECUTOR_KILLED", "environment", "same-task");
/** A job's executor process ended by itself. */
export const executorExited = errorKind("EXECUTOR_EXITED", "environment", "same-task");
/** An executor that was told to leave ended with jobs that still depended on it. */
export const graceOver = errorKind("GRACE_OVER", "environment");
/** The memory that was given cannot hold a slot. */
export const memoryTooSmall = errorKind("MEMORY_TOO_SMALL", "user");
