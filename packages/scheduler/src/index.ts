export { type BatchClock, batchClock, batchTime, type ClockStep, lookAtClock } from "./batches/batch-clock.ts";
export type { BatchEffect, BatchEvent, BatchesEnd, LoggedEnd, RefusedOutput } from "./batches/batch-events.ts";
export { stepBatches } from "./batches/batch-generator.ts";
export {
  type BatchGenerator,
  type BatchSettings,
  batchAtTurn,
  batchesDue,
  batchGenerator,
} from "./batches/batch-state.ts";
export { batchWaits } from "./batches/batch-waits.ts";
export {
  changesInWords,
  compareParts,
  describedParts,
  outputInWords,
  type PartFinding,
  settleChanges,
  sourceInWords,
  withoutParts,
  writtenVersion,
} from "./batches/changed-job.ts";
export {
  afterEntry,
  type LoggedPosition,
  type ResumedBatches,
  recallBatches,
  resumedBatches,
} from "./batches/logged-batches.ts";
export { missedTicks } from "./batches/missed-ticks.ts";
export { JOB_BEHIND, nextLook, type Pace, type PaceEffect, type PaceEvent, pace, stepPace } from "./batches/pace.ts";
export {
  type DriverLoss,
  type DriverLossEffect,
  type DriverLossEvent,
  driverLoss,
  stepDriverLoss,
} from "./cluster/driver-loss.ts";
export type { JobEffect, JobEvent, JobState, SupervisedJob } from "./cluster/job-events.ts";
export {
  type JobLifecycle,
  type JobSettings,
  jobLifecycle,
  stepJob,
} from "./cluster/job-lifecycle.ts";
export { stepMembership } from "./cluster/membership.ts";
export {
  type DrainRequestId,
  drainRequestId,
  type MemberHello,
  type MemberSessionId,
  type MembershipEffect,
  type MembershipEvent,
  memberSessionId,
} from "./cluster/membership-events.ts";
export {
  type Membership,
  type MembershipSettings,
  membership,
  membershipDefaults,
} from "./cluster/membership-state.ts";
export {
  type CutReason,
  type JobEnd,
  type ReceivedLoss,
  receivedLoss,
} from "./job/job-end.ts";
export {
  type BatchFigures,
  type ExecutorFigures,
  JobFigures,
  NO_FIGURES,
  type ProcessFigures,
  type StageFigures,
} from "./job/job-figures.ts";
export {
  type JobLife,
  type JobLifeSettings,
  type JobPhase,
  jobLife,
  stepJobLife,
} from "./job/job-life.ts";
export type { BuiltSettings, JobLifeEffect, JobLifeEvent, StopRequest } from "./job/job-life-events.ts";
export { stopWaits } from "./job/job-life-waits.ts";
export {
  executorGone,
  type Roster,
  type RosterMember,
  readyMembers,
  roster,
  stepRoster,
} from "./job/roster.ts";
export {
  type ExecutorSessionId,
  executorSessionId,
  type RosterEffect,
  type RosterEvent,
} from "./job/roster-events.ts";
export { isTold, WarningLog } from "./job/warning-log.ts";
export {
  type FoundLease,
  isSure,
  type Lease,
  type LeaseEffect,
  type LeaseEvent,
  lease,
  stepLease,
} from "./lease/lease.ts";
export { recalledInputs } from "./receivers/recalled-blocks.ts";
export { recordsOfBatch } from "./receivers/received-blocks.ts";
export type {
  HeldInventory,
  HeldRun,
  RecalledInput,
  ReceivedBlock,
  ReceiverDeclaration,
  ReceiverEffect,
  ReceiverEvent,
  ReceiverRunStart,
  ReceiverStatus,
} from "./receivers/receiver-events.ts";
export {
  type ReceiverSettings,
  type ReceiverTracker,
  receiverTracker,
  type TrackedReceiver,
} from "./receivers/receiver-state.ts";
export { stepReceivers } from "./receivers/receiver-tracker.ts";
export { leavingWaits, receiverWaits } from "./receivers/receiver-waits.ts";

export { HeldTemplates } from "./tasks/held-templates.ts";
export {
  type HeldResult,
  type PlanId,
  planId,
  type TaskEffect,
  type TaskEvent,
} from "./tasks/task-events.ts";
export { stepTasks } from "./tasks/task-scheduler.ts";
export { type TaskScheduler, type TaskSettings, taskScheduler } from "./tasks/task-state.ts";
export { jobBehind } from "./warnings.ts";
