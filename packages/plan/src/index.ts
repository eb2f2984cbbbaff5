export * from "./action-plan.ts";
export type {
  CommittedBatches,
  OutputInfo,
  PreparedBatch,
  PreparedOutput,
  SinkWrites,
  StagedFiles,
} from "./batch-commit.ts";
export * from "./batch-input.ts";
export type {
  BaseEntry,
  BatchEntry,
  BatchLogEntry,
  InputMemory,
  JobIdentity,
  LoggedBatches,
  PendingBatch,
  RememberedBatch,
} from "./batch-log.ts";
export type { CheckpointProbe } from "./checkpoint-probe.ts";
export * from "./functions.ts";
export * from "./global-functions.ts";
export * from "./layout.ts";
export type { LeaseOwner, LeaseRecord } from "./lease.ts";
export * from "./lineage.ts";
export {
  hasOwnPlacement,
  IMPORTED,
  type JobParts,
  type LookBack,
  type NamedPart,
  type NamedState,
  OWN_PLACEMENT,
} from "./named-parts.ts";
export * from "./plan-request.ts";
export * from "./planner.ts";
export * from "./received-block.ts";
export * from "./receiver-plan.ts";
export * from "./render-lineage.ts";
export * from "./render-plan.ts";
export {
  type FormerHeads,
  formerHeads,
  groupsOf,
  headsAfter,
  isSameVersion,
  parseVersionName,
  type StateHeads,
  type StateSchema,
  type StateVersion,
  type StateVersions,
  versionName,
} from "./state-version.ts";
export * from "./task.ts";
export * from "./template.ts";
export { TEMPLATES_MAX } from "./template-cache.ts";
