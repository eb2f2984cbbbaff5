import {
  assert,
  clauseOf,
  type EngineError,
  type ErrorFactory,
  type ExecutorId,
  errorKind,
  formatDuration,
  type JobId,
  type Millis,
  millis,
  protocolMismatch,
  toWireError,
  unreachable,
  type WireError,
  warningOf,
} from "@millrace/base";
import type { ExecutorSessionId, RosterEffect, RosterEvent } from "./roster-events.ts";

const executorLost: ErrorFactory = errorKind("EXECUTOR_LOST", "environment", "same-task");
const wrongJob: ErrorFactory = errorKind("WRONG_JOB", "environment");

/** Checks for silence per timeout. */
const LOOKS = 4;

/**
 * One executor of the job, by its session.
 *
 *     waiting ─opened─▶ loading ─ready─▶ ready ─leaving─▶ leaving
 *                             └─unfit─▶ (forgotten)
 *     any ─ closed, the same executor dials again, silent (ready and leaving only) ─▶ (forgotten)
 */
export interface RosterMember {
  readonly executor: ExecutorId;
  readonly session: ExecutorSessionId;
  readonly slots: number;
  state: "waiting" | "loading" | "ready" | "leaving";
  /** Its last message: heartbeats come every second. */
  heardAt: number;
}

/**
 * The executors of one job as its driver process knows them: which are there, which are lost and why, and which have
 * not settled yet. Placement of tasks is the task scheduler's concern.
 */
export interface Roster {
  readonly job: JobId;
  readonly protocol: number;
  readonly members: Map<ExecutorSessionId, RosterMember>;
  readonly byExecutor: Map<ExecutorId, RosterMember>;
  /**
   * Reasons why processes ended, as reported by their starters, until an executor of that name is ready again. Bound:
   * the executors of the cluster.
   */
  readonly explanations: Map<ExecutorId, WireError>;
  state: "closed" | "open" | "over";
  /** `executor.timeout`; 0 until it is open. */
  timeout: Millis;
  /** Executors that have not settled yet. */
  settling: Set<ExecutorSessionId> | undefined;
  /** The current timer. */
  wakeAt: number | undefined;
}

export function roster(options: { readonly job: JobId; readonly protocol: number }): Roster {
  return {
    ...options,
    members: new Map(),
    byExecutor: new Map(),
    explanations: new Map(),
    state: "closed",
    timeout: millis(0),
    settling: undefined,
    wakeAt: undefined,
  };
}

const NOTHING: readonly RosterEffect[] = [];

/**
 * Advances the executors of a job by one event. Owns `state`; reads no clock. O(1), or O(executors) if all are
 * concerned.
 */
export function stepRoster(state: Roster, event: RosterEvent): readonly RosterEffect[] {
  if (state.state === "over") return event.type === "hello" ? [{ type: "close", session: event.session }] : NOTHING;
  switch (event.type) {
    case "opened":
      return onOpened(state, event.timeout, event.at);
    case "hello":
      return onHello(state, event);
    case "heard":
      heard(state, event.session, event.at);
      return NOTHING;
    case "ready":
      return onReady(state, event.session, event.at);
    case "unfit":
      return onUnfit(state, event.session, event.error);
    case "leaving":
      return onLeaving(state, event.session, event.at);
    case "settled":
      heard(state, event.session, event.at);
      return onSettled(state, event.session);
    case "closed":
      return onClosed(state, event.session, event.error);
    case "explained":
      state.explanations.set(event.executor, event.error);
      return [{ type: "warning", warning: warningOf(event.error.message, { subject: event.executor }) }];
    case "settle":
      return onSettle(state);
    case "tick":
      return onTick(state, event.at);
    case "closedDown":
      state.state = "over";
      state.wakeAt = undefined;
      state.members.clear();
      state.byExecutor.clear();
      return [{ type: "cancelWake" }];
    default:
      return unreachable(event);
  }
}

/** Executors that run tasks, in the order in which they joined. */
export function readyMembers(state: Roster): readonly RosterMember[] {
  return [...state.members.values()].filter(isReady);
}

const isReady = ({ state }: RosterMember): boolean => state === "ready" || state === "leaving";

function onOpened(state: Roster, timeout: Millis, at: number): readonly RosterEffect[] {
  assert(state.state === "closed", "the executors of a job are let in once");
  state.state = "open";
  state.timeout = timeout;
  const effects: RosterEffect[] = [];
  for (const member of state.members.values()) welcome(member, effects);
  watch(state, at, effects);
  return effects;
}

function welcome(member: RosterMember, effects: RosterEffect[]): void {
  member.state = "loading";
  effects.push({ type: "welcome", session: member.session, executor: member.executor });
}

function onHello(state: Roster, hello: Extract<RosterEvent, { readonly type: "hello" }>): readonly RosterEffect[] {
  const { session, executor, slots, at } = hello;
  const error = refusal(state, hello);
  if (error !== undefined) return [{ type: "refuse", session, executor, error }];
  const effects: RosterEffect[] = [];
  // The same executor dialled again: the old session is dead, even if its socket has not noticed.
  const earlier = state.byExecutor.get(executor);
  if (earlier !== undefined) {
    lose(state, earlier, executorGone(executor, undefined), effects);
    effects.push({ type: "close", session: earlier.session });
  }
  const member: RosterMember = { executor, session, slots, state: "waiting", heardAt: at };
  state.members.set(session, member);
  state.byExecutor.set(executor, member);
  if (state.state === "open") welcome(member, effects);
  return effects;
}

function refusal(
  state: Roster,
  { executor, protocol, job }: Extract<RosterEvent, { readonly type: "hello" }>,
): EngineError | undefined {
  if (protocol !== state.protocol) {
    return protocolMismatch(
      `executor ${executor} speaks protocol version ${protocol}, but this driver speaks version ${state.protocol}. It is refused. Install the same release of millrace on both.`,
    );
  }
  if (job !== state.job) {
    return wrongJob(
      `executor ${executor} connected for job ${job}, but this is the driver of ${state.job}. It is refused; its supervisor starts the right one.`,
    );
  }
  return undefined;
}

function heard(state: Roster, session: ExecutorSessionId, at: number): RosterMember | undefined {
  const member = state.members.get(session);
  if (member !== undefined) member.heardAt = at;
  return member;
}

function onReady(state: Roster, session: ExecutorSessionId, at: number): readonly RosterEffect[] {
  const member = heard(state, session, at);
  if (member?.state !== "loading") return NOTHING;
  member.state = "ready";
  state.explanations.delete(member.executor);
  return [{ type: "peersChanged" }, { type: "executorReady", executor: member.executor, slots: member.slots }];
}

function onUnfit(state: Roster, session: ExecutorSessionId, error: WireError): readonly RosterEffect[] {
  const member = state.members.get(session);
  if (member?.state !== "loading") return NOTHING;
  state.members.delete(session);
  state.byExecutor.delete(member.executor);
  return [
    { type: "executorUnfit", session, executor: member.executor, error },
    { type: "close", session },
  ];
}

function onLeaving(state: Roster, session: ExecutorSessionId, at: number): readonly RosterEffect[] {
  const member = heard(state, session, at);
  if (member?.state !== "ready") return NOTHING;
  member.state = "leaving";
  return [{ type: "executorLeaving", executor: member.executor }];
}

function onSettle(state: Roster): readonly RosterEffect[] {
  const sessions = readyMembers(state).map(({ session }) => session);
  if (sessions.length === 0) return [{ type: "allSettled" }];
  state.settling = new Set(sessions);
  return sessions.map((session) => ({ type: "askToSettle", session }));
}

function onSettled(state: Roster, session: ExecutorSessionId): readonly RosterEffect[] {
  if (state.settling?.delete(session) !== true || state.settling.size > 0) return NOTHING;
  state.settling = undefined;
  return [{ type: "allSettled" }];
}

function onClosed(state: Roster, session: ExecutorSessionId, cause: Error | undefined): readonly RosterEffect[] {
  const member = state.members.get(session);
  if (member === undefined) return NOTHING;
  const effects: RosterEffect[] = [];
  lose(state, member, executorGone(member.executor, cause, member.state === "leaving"), effects);
  return effects;
}

/**
 * A connection may stay up while its process hangs. Time in which this process itself stalled does not count as
 * silence: messages that arrived in that time are still unread in its sockets.
 */
function onTick(state: Roster, at: number): readonly RosterEffect[] {
  if (state.wakeAt === undefined) return NOTHING;
  if (at < state.wakeAt) return [{ type: "wakeAt", at: state.wakeAt }];
  const stoodStill = at - state.wakeAt;
  const effects: RosterEffect[] = [];
  for (const member of [...state.members.values()]) {
    member.heardAt += stoodStill;
    if (!isReady(member) || at - member.heardAt <= state.timeout) continue;
    lose(state, member, silent(member.executor, state.timeout), effects);
    effects.push({ type: "close", session: member.session });
  }
  watch(state, at, effects);
  return effects;
}

function watch(state: Roster, at: number, effects: RosterEffect[]): void {
  state.wakeAt = at + Math.ceil(state.timeout / LOOKS);
  effects.push({ type: "wakeAt", at: state.wakeAt });
}

function lose(state: Roster, member: RosterMember, why: EngineError, effects: RosterEffect[]): void {
  const { executor, session } = member;
  const wasReady = isReady(member);
  state.members.delete(session);
  if (state.byExecutor.get(executor) === member) state.byExecutor.delete(executor);
  // The starter of the process may have reported more than the broken connection can tell.
  const known = state.explanations.get(executor);
  // An executor that left as it was told to is no failure.
  if (wasReady && known === undefined && member.state !== "leaving")
    effects.push({ type: "warning", warning: warningOf(why.message, { subject: executor }) });
  if (wasReady) effects.push({ type: "peersChanged" });
  effects.push({ type: "executorLost", executor, session, error: known ?? toWireError(why), wasReady });
  effects.push(...onSettled(state, session));
}

function silent(executor: ExecutorId, timeout: Millis): EngineError {
  return executorLost(
    `executor ${executor} sent nothing for executor.timeout = ${formatDuration(timeout)} and counts as lost. ` +
      "Its tasks run again on the others; if it was only stalled, raise the setting or reduce the load on its machine.",
    { fields: { executor } },
  );
}

/** The error for tasks of an executor whose session has ended, and for readers of its blocks. `left`: it was told to end. */
export function executorGone(executor: ExecutorId, cause: Error | undefined, left = false): EngineError {
  const how = left
    ? "was told to end and has left"
    : `is gone${cause === undefined ? "" : `: ${clauseOf(cause.message)}`}`;
  return executorLost(
    `executor ${executor} ${how}. Its tasks run again on the others, and its blocks are recomputed.`,
    {
      fields: { executor },
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

/** Throws if the state is unreachable for correct code. For tests and simulation. */
export function checkRoster(state: Roster): void {
  assert(state.members.size === state.byExecutor.size, "an executor has one session");
  for (const [session, member] of state.members) {
    assert(
      member.session === session && state.byExecutor.get(member.executor) === member,
      "sessions and executors agree",
    );
    assert((member.state === "waiting") === (state.state === "closed"), "executors load the job once it is built");
  }
  for (const session of state.settling ?? [])
    assert(state.members.has(session), "only executors that are there have to settle");
  assert((state.wakeAt !== undefined) === (state.state === "open"), "silence is looked for while executors may come");
}
