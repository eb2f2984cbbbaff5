export { type BatchClock, batchClock, batchTime, type ClockStep, lookAtClock } from "./batch-clock.ts";
export type { BatchEffect, BatchEvent, BatchOutcome, BatchResume } from "./batch-events.ts";
export {
  type BatchGenerator,
  type BatchSettings,
  batchesWaiting,
  batchGenerator,
  checkBatchGenerator,
  stepBatches,
} from "./batch-generator.ts";
export { checkTaskScheduler } from "./check-task-scheduler.ts";
export {
  checkDrain,
  type Drain,
  type DrainEffect,
  type DrainEvent,
  type DrainSettings,
  drain,
  drainTimeLeft,
  stepDrain,
} from "./drain.ts";
export { HeldTemplates } from "./held-templates.ts";
export {
  type CutReason,
  endBeforeBatches,
  endOfJob,
  type JobEnd,
  jobStopped,
  type ReceivedLoss,
  receivedLoss,
} from "./job-end.ts";
export type { JobEffect, JobEvent, JobState } from "./job-events.ts";
export {
  checkJobLifecycle,
  type JobLifecycle,
  type JobSettings,
  jobLifecycle,
  stepJob,
} from "./job-lifecycle.ts";
export {
  checkMembership,
  type JobProcess,
  type Membership,
  type MembershipSettings,
  membership,
  membershipDefaults,
  type Node,
  stepMembership,
} from "./membership.ts";
export { type MembershipEffect, type MembershipEvent, type NodeSessionId, nodeSessionId } from "./membership-events.ts";
export { JOB_BEHIND, nextLook, type Pace, type PaceEffect, type PaceEvent, pace, stepPace } from "./pace.ts";
export { batchInput } from "./received-blocks.ts";
export type {
  ReceivedBlock,
  ReceiverDeclaration,
  ReceiverEffect,
  ReceiverEvent,
  ReceiverStatus,
  ReceiverWarning,
} from "./receiver-events.ts";
export { type Receiver, type ReceiverSettings, type ReceiverTracker, receiverTracker } from "./receiver-state.ts";
export { checkReceiverTracker, stepReceivers } from "./receiver-tracker.ts";
export { stateOwners } from "./state-owners.ts";
export {
  type LaunchTask,
  type PartitionResult,
  type PlanId,
  planId,
  type TaskEffect,
  type TaskEvent,
  type TaskKey,
  type TaskOutput,
  type TaskResult,
  type TaskWarning,
} from "./task-events.ts";
export { stepTasks, taskLoad } from "./task-scheduler.ts";
export { type TaskScheduler, type TaskSettings, taskScheduler } from "./task-state.ts";
export { EVENTS_PER_CODE_MAX, isTold, WARNINGS_MAX, WarningLog } from "./warning-log.ts";
