import { type ErrorFactory, errorKind } from "@millrace/base";

/** An operator's function threw; `cause` is its error. */
export const userCodeFailed: ErrorFactory = errorKind("USER_CODE_FAILED", "user", "same-task");
/** A record to be saved as text has no JSON form. */
export const recordNotText: ErrorFactory = errorKind("RECORD_NOT_TEXT", "user");
export const notIterable: ErrorFactory = errorKind("NOT_ITERABLE", "user");
export const promiseNotAwaited: ErrorFactory = errorKind("PROMISE_NOT_AWAITED", "user");
/** RDDs that are zipped have partitions of different lengths. */
export const partitionLengthsDiffer: ErrorFactory = errorKind("PARTITION_LENGTHS_DIFFER", "user");
export const badPartition: ErrorFactory = errorKind("BAD_PARTITION", "user");
export const artefactLoadFailed: ErrorFactory = errorKind("ARTEFACT_LOAD_FAILED", "user");
export const slotExited: ErrorFactory = errorKind("SLOT_EXITED", "user", "same-task");
export const slotCrashed: ErrorFactory = errorKind("SLOT_CRASHED", "user", "same-task");
/** A promise without a handler rejected after its task was done. */
export const unhandledRejection: ErrorFactory = errorKind("UNHANDLED_REJECTION", "user");
export const slotOutOfMemory: ErrorFactory = errorKind("SLOT_OUT_OF_MEMORY", "user", "same-task");
export const slotTerminated: ErrorFactory = errorKind("SLOT_TERMINATED", "environment", "same-task");
/** A command that an RDD was piped through failed. */
export const pipeFailed: ErrorFactory = errorKind("PIPE_FAILED", "user", "same-task");
export const inputFileFailed: ErrorFactory = errorKind("INPUT_FILE_FAILED", "environment", "same-task");
/** An input file's bytes contradict its name or its reader: another attempt would fail too. */
export const inputDamaged: ErrorFactory = errorKind("INPUT_DAMAGED", "environment");
export const outputFileFailed: ErrorFactory = errorKind("OUTPUT_FILE_FAILED", "environment", "same-task");

/** The state of the last committed batch is missing from the checkpoint directory as this executor sees it. */
export const stateNotFound: ErrorFactory = errorKind("STATE_NOT_FOUND", "environment");
/** A function `migrate` of the job threw. */
export const stateMigrateFailed: ErrorFactory = errorKind("STATE_MIGRATE_FAILED", "user", "same-task");
/** A value of state is of a version that the operation cannot read. */
export const stateNotMigrated: ErrorFactory = errorKind("STATE_NOT_MIGRATED", "user");
/** A slice of state cannot be read, and the state was read without it. */
export const stateSliceDamaged: ErrorFactory = errorKind("STATE_SLICE_DAMAGED", "environment");
/** An incremental window removes data of a key that it does not contain. */
export const windowKeyUnknown: ErrorFactory = errorKind("WINDOW_KEY_UNKNOWN", "user");
/** The function of mapWithState misused a key's state. */
export const statePartitionerChanged: ErrorFactory = errorKind("STATE_PARTITIONER_CHANGED", "user");
export const stateMisused: ErrorFactory = errorKind("STATE_MISUSED", "user");
