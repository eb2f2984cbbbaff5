import {
  type EngineError,
  type ErrorFactory,
  type ExecutorId,
  errorKind,
  fromWireError,
  type JobId,
  type WireError,
} from "@millrace/base";
import type { DrainRequestId, MemberSessionId, MembershipEffect } from "./membership-events.ts";

const executorUnknown: ErrorFactory = errorKind("EXECUTOR_UNKNOWN", "user");
const executorDraining: ErrorFactory = errorKind("EXECUTOR_DRAINING", "user");
const lastExecutor: ErrorFactory = errorKind("LAST_EXECUTOR", "user");
const drainCutOff: ErrorFactory = errorKind("DRAIN_CUT_OFF", "environment");

/** An executor of the cluster; `undefined` without a session: it is lost. */
interface Member {
  readonly executor: ExecutorId;
  readonly session: MemberSessionId | undefined;
  readonly leaving: boolean;
}

/** The part of the membership that drains look at. */
interface Cluster {
  readonly members: ReadonlyMap<ExecutorId, Member>;
  readonly jobs: ReadonlySet<JobId>;
  readonly drains: Map<ExecutorId, ExecutorDrain>;
}

/** The names in one message. */
const NAMES_MAX = 20;

/** An operator's request that an executor leave, until it has left. */
export interface ExecutorDrain {
  readonly request: DrainRequestId;
  /** One of its jobs had not released it when its grace period was over. */
  cutOff: WireError | undefined;
}

/** An operator asks an executor to leave. */
export function onDrainRequested(
  state: Cluster,
  { request, executor }: { readonly request: DrainRequestId; readonly executor: ExecutorId },
  effects: MembershipEffect[],
): void {
  const session = state.members.get(executor)?.session;
  const error = refusal(state, executor);
  if (error !== undefined || session === undefined) {
    effects.push({ type: "drainAnswered", request, error });
    return;
  }
  state.drains.set(executor, { request, cutOff: undefined });
  effects.push({ type: "leave", session });
}

/** The process of a job has ended on a draining executor. @param error Why, unless the job had released it. */
export function noteCutOff(state: Cluster, executor: ExecutorId, error: WireError | undefined): void {
  const drain = state.drains.get(executor);
  if (drain !== undefined) drain.cutOff ??= error;
}

/** The executor has left, or is lost with this reason. */
export function answerDrain(
  state: Cluster,
  executor: ExecutorId,
  lost: string | undefined,
  effects: MembershipEffect[],
): void {
  const drain = state.drains.get(executor);
  if (drain === undefined) return;
  state.drains.delete(executor);
  const { request, cutOff } = drain;
  if (cutOff !== undefined) effects.push({ type: "drainAnswered", request, error: fromWireError(cutOff) });
  else if (lost === undefined) effects.push({ type: "drainAnswered", request, error: undefined });
  else effects.push({ type: "drainAnswered", request, error: gone(executor, lost) });
}

function refusal(state: Cluster, executor: ExecutorId): EngineError | undefined {
  const member = state.members.get(executor);
  const fields = { executor };
  if (member?.session === undefined) {
    const known = [...state.members.values()].filter(({ session }) => session !== undefined);
    const what = member === undefined ? `there is no executor ${executor}` : `executor ${executor} is lost already`;
    return executorUnknown(
      `${what}; ${known.length === 0 ? "none is connected" : `connected are ${names(known)}`}. \`millrace executors\` lists them.`,
      { fields },
    );
  }
  if (member.leaving || state.drains.has(executor)) {
    return executorDraining(
      `executor ${executor} is draining already. \`millrace executors\` says what it waits for; it is gone from that list when it has left.`,
      { fields },
    );
  }
  const others = [...state.members.values()].filter(
    (other) => other !== member && other.session !== undefined && !other.leaving && !state.drains.has(other.executor),
  );
  if (others.length > 0 || state.jobs.size === 0) return undefined;
  const jobs = [...state.jobs].slice(0, NAMES_MAX).join(", ");
  return lastExecutor(
    `executor ${executor} is the last one that takes tasks, and ${jobs} would wait for another. It was not drained. ` +
      "Start another executor first, or stop its jobs; SIGTERM to its process ends it all the same.",
    { fields },
  );
}

function names(members: readonly { readonly executor: ExecutorId }[]): string {
  const some = members.slice(0, NAMES_MAX).map(({ executor }) => executor);
  return `${some.join(", ")}${members.length > some.length ? `, and ${members.length - some.length} more` : ""}`;
}

const gone = (executor: ExecutorId, reason: string): EngineError =>
  drainCutOff(
    `executor ${executor} was lost before its jobs had released it: ${reason}. What it held is recomputed on the others; ` +
      "received data without a copy elsewhere is lost, which RECEIVED_DATA_LOST in `millrace status` counts.",
    { fields: { executor } },
  );
