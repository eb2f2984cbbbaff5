import { type WarningFactory, warningKind } from "@millrace/base";

/** The warnings of the engine's decisions; each has a section in docs/errors.md. */
export const noExecutors: WarningFactory = warningKind("NO_EXECUTORS", { lasting: true });
export const taskRetried: WarningFactory = warningKind("TASK_RETRIED");
export const stageRerun: WarningFactory = warningKind("STAGE_RERUN");
export const stateMoved: WarningFactory = warningKind("STATE_MOVED");
export const outputDiffers: WarningFactory = warningKind("OUTPUT_DIFFERS");
export const jobBehind: WarningFactory = warningKind("JOB_BEHIND", { lasting: true });
export const executorRestarted: WarningFactory = warningKind("EXECUTOR_RESTARTED");
export const receivedDataLost: WarningFactory = warningKind("RECEIVED_DATA_LOST");
export const receiverTrouble: WarningFactory = warningKind("RECEIVER_TROUBLE");
export const receiverStopped: WarningFactory = warningKind("RECEIVER_STOPPED");
export const receiverMoved: WarningFactory = warningKind("RECEIVER_MOVED");
export const noReplicaPeer: WarningFactory = warningKind("NO_REPLICA_PEER", { lasting: true });
export const receivedLogFailing: WarningFactory = warningKind("RECEIVED_LOG_FAILING", { lasting: true });
export const receivedInputGone: WarningFactory = warningKind("RECEIVED_INPUT_GONE");
export const copiesMissing: WarningFactory = warningKind("COPIES_MISSING", { lasting: true });
