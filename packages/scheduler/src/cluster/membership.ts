import {
  assert,
  backoffPause,
  type EpochMs,
  type ErrorFactory,
  epochMs,
  errorKind,
  type JobId,
  type Millis,
  millis,
  protocolMismatch,
  unreachable,
} from "@millrace/base";
import { headline } from "../tasks/task-errors.ts";
import { executorRestarted } from "../warnings.ts";
import { answerDrain, noteCutOff, onDrainRequested } from "./executor-drains.ts";
import type { MemberSessionId, MembershipEffect, MembershipEvent } from "./membership-events.ts";
import { type ClusterMember, fresh, LOST_KEPT_MAX, type Membership, runs } from "./membership-state.ts";

const executorNameInUse: ErrorFactory = errorKind("EXECUTOR_NAME_IN_USE", "user");

/** Advances the cluster by one event. Owns `state`; reads no clock. O(executors + jobs on the executor concerned). */
export function stepMembership(state: Membership, event: MembershipEvent): readonly MembershipEffect[] {
  const effects: MembershipEffect[] = [];
  switch (event.type) {
    case "hello":
      onHello(state, event, effects);
      break;
    case "heartbeat":
      onHeartbeat(state, event.session, event.at);
      break;
    case "closed":
      onClosed(state, event.session, effects);
      break;
    case "leaving":
      onLeaving(state, event.session, effects);
      break;
    case "left":
      effects.push({ type: "close", session: event.session }); // answered by `closed`
      break;
    case "drainRequested":
      onDrainRequested(state, event, effects);
      break;
    case "tick":
      onTick(state, event.at, effects);
      break;
    case "jobAwaited":
      onJobAwaited(state, event.job, effects);
      break;
    case "jobAdded":
      onJobAdded(state, event.job, event.at, effects);
      break;
    case "jobRemoved":
      onJobRemoved(state, event.job, event.grace, effects);
      break;
    case "processStarted":
      onProcessStarted(state, event, effects);
      break;
    case "processExited":
      onProcessExited(state, event, effects);
      break;
    default:
      return unreachable(event);
  }
  planWake(state, effects);
  return effects;
}

type Of<Type extends MembershipEvent["type"]> = Extract<MembershipEvent, { readonly type: Type }>;

function onHello(state: Membership, event: Of<"hello">, effects: MembershipEffect[]): void {
  assert(!state.sessions.has(event.session), `session ${event.session} says hello twice`);
  const { protocol } = state.settings;
  if (event.protocol !== protocol) {
    const error = protocolMismatch(
      `executor ${event.executor} at ${event.host} speaks protocol version ${event.protocol}, but this driver speaks version ` +
        `${protocol}. It is refused. Install the same release of millrace on both.`,
      { fields: { executor: event.executor, host: event.host, executorProtocol: event.protocol, protocol } },
    );
    effects.push({ type: "refuse", session: event.session, error });
    return;
  }
  const known = state.members.get(event.executor);
  if (known?.session !== undefined && !mayReplace(state, known, event)) {
    const error = executorNameInUse(
      `an executor called ${event.executor} is connected already, from ${known.host} (pid ${known.pid}). The one from ` +
        `${event.host} (pid ${event.pid}) is refused. Give it another --name, or stop the first.`,
      { fields: { executor: event.executor, host: event.host, connectedHost: known.host } },
    );
    effects.push({ type: "refuse", session: event.session, error });
    return;
  }
  if (known?.session !== undefined) {
    effects.push({ type: "close", session: known.session });
    lose(state, known, "it reconnected", effects);
  }
  join(state, event, effects);
}

/** True for the same process that dials again while its old connection hangs, and for any once the old one is silent. */
function mayReplace(state: Membership, known: ClusterMember, event: Of<"hello">): boolean {
  const same = known.host === event.host && known.pid === event.pid;
  return same || event.at - known.lastSeenAt >= state.settings.timeout;
}

function join(state: Membership, event: Of<"hello">, effects: MembershipEffect[]): void {
  const { executor, session, slots, memoryBytes, host, pid, at } = event;
  const known = { slots, memoryBytes, host, pid, lastSeenAt: at };
  const member: ClusterMember = { executor, session, ...known, leaving: false, processes: new Map() };
  state.members.set(executor, member);
  state.sessions.set(session, member);
  effects.push({ type: "welcome", session, executor }, { type: "executorJoined", executor, slots, host });
  for (const job of event.jobs) {
    if (state.jobs.has(job) || state.awaited.has(job)) {
      member.processes.set(job, { ...fresh(at), state: "running" });
      readdress(state, member, job, effects); // the job may have another driver by now
    } else {
      member.processes.set(job, { ...fresh(at), state: "stopping" });
      effects.push({ type: "stopJob", session, job, grace: millis(0) });
    }
  }
  for (const job of state.jobs) if (!member.processes.has(job)) start(member, session, job, at, effects);
}

function start(
  member: ClusterMember,
  session: MemberSessionId,
  job: JobId,
  at: EpochMs,
  effects: MembershipEffect[],
): void {
  const process = member.processes.get(job) ?? fresh(at);
  process.state = "starting";
  process.pid = undefined;
  process.startedAt = at;
  member.processes.set(job, process);
  effects.push({ type: "startJob", session, executor: member.executor, job });
}

function onHeartbeat(state: Membership, session: MemberSessionId, at: EpochMs): void {
  const member = state.sessions.get(session);
  if (member !== undefined && at > member.lastSeenAt) member.lastSeenAt = at;
}

function onClosed(state: Membership, session: MemberSessionId, effects: MembershipEffect[]): void {
  const member = state.sessions.get(session);
  if (member?.leaving === true) {
    state.sessions.delete(session);
    state.members.delete(member.executor);
    effects.push({ type: "executorLeft", executor: member.executor });
    answerDrain(state, member.executor, undefined, effects);
  } else if (member !== undefined) {
    lose(state, member, "its connection ended", effects);
  }
}

function onLeaving(state: Membership, session: MemberSessionId, effects: MembershipEffect[]): void {
  const member = state.sessions.get(session);
  if (member === undefined || member.leaving) return;
  member.leaving = true;
  for (const [job, process] of member.processes) if (process.state === "pausing") member.processes.delete(job);
  effects.push({ type: "executorLeaving", executor: member.executor });
}

function lose(state: Membership, member: ClusterMember, reason: string, effects: MembershipEffect[]): void {
  if (member.session === undefined) return;
  state.sessions.delete(member.session);
  member.session = undefined;
  member.processes.clear();
  effects.push({ type: "executorLost", executor: member.executor, reason });
  answerDrain(state, member.executor, reason, effects);
  const lost = [...state.members.values()].filter((other) => other.session === undefined);
  if (lost.length <= LOST_KEPT_MAX) return;
  const oldest = lost.reduce((a, b) => (b.lastSeenAt < a.lastSeenAt ? b : a));
  state.members.delete(oldest.executor);
}

function onTick(state: Membership, at: EpochMs, effects: MembershipEffect[]): void {
  const { timeout } = state.settings;
  const late = at - (state.wakeAt ?? at);
  // A tick this late means that the process stalled or the clock jumped. Messages received meanwhile are still unread,
  // so every deadline is extended by a quarter of the timeout.
  const heardSince = late >= timeout / 4 ? epochMs(Math.ceil(at - (timeout * 3) / 4)) : epochMs(0);
  state.wakeAt = undefined;
  for (const member of [...state.sessions.values()]) {
    const { session } = member;
    if (session === undefined) continue;
    if (member.lastSeenAt < heardSince) member.lastSeenAt = heardSince;
    const silent = at - member.lastSeenAt;
    if (silent >= timeout) {
      effects.push({ type: "close", session });
      lose(state, member, `it sent nothing for ${silent} ms`, effects);
      continue;
    }
    for (const [job, process] of member.processes) {
      if (process.state === "pausing" && process.restartAt <= at) start(member, session, job, at, effects);
    }
  }
}

/** A process that runs is told where the driver of its job is, or that it has to wait for one. */
function readdress(
  state: Membership,
  { session, executor }: ClusterMember,
  job: JobId,
  effects: MembershipEffect[],
): void {
  if (session === undefined) return;
  if (state.jobs.has(job)) effects.push({ type: "startJob", session, executor, job });
  else effects.push({ type: "holdJob", session, job });
}

function onJobAwaited(state: Membership, job: JobId, effects: MembershipEffect[]): void {
  state.jobs.delete(job);
  state.awaited.add(job);
  for (const member of state.sessions.values()) {
    const process = member.processes.get(job);
    if (runs(process)) readdress(state, member, job, effects);
    else if (process?.state === "pausing") member.processes.delete(job);
  }
}

function onJobAdded(state: Membership, job: JobId, at: EpochMs, effects: MembershipEffect[]): void {
  if (state.jobs.has(job)) return;
  state.jobs.add(job);
  state.awaited.delete(job);
  for (const member of state.sessions.values()) {
    const process = member.processes.get(job);
    if (runs(process)) readdress(state, member, job, effects);
    else if (process === undefined && member.session !== undefined && !member.leaving)
      start(member, member.session, job, at, effects);
  }
}

function onJobRemoved(state: Membership, job: JobId, grace: Millis, effects: MembershipEffect[]): void {
  const known = state.jobs.delete(job);
  if (!state.awaited.delete(job) && !known) return;
  for (const member of state.sessions.values()) {
    const process = member.processes.get(job);
    if (process === undefined || member.session === undefined || process.state === "stopping") continue;
    if (process.state === "pausing") {
      member.processes.delete(job); // nothing runs
    } else {
      process.state = "stopping";
      effects.push({ type: "stopJob", session: member.session, job, grace });
    }
  }
}

function onProcessStarted(state: Membership, event: Of<"processStarted">, effects: MembershipEffect[]): void {
  const member = state.sessions.get(event.session);
  const process = member?.processes.get(event.job);
  if (process === undefined) {
    // The job is unknown: it ended while the message was in flight.
    if (member !== undefined) {
      member.processes.set(event.job, { ...fresh(event.at), state: "stopping", pid: event.pid });
      effects.push({ type: "stopJob", session: event.session, job: event.job, grace: millis(0) });
    }
    return;
  }
  process.pid = event.pid;
  if (process.state !== "starting") return;
  process.state = "running";
  process.startedAt = event.at;
}

function onProcessExited(state: Membership, event: Of<"processExited">, effects: MembershipEffect[]): void {
  const { session, job, at, error } = event;
  const member = state.sessions.get(session);
  const process = member?.processes.get(job);
  if (member === undefined || process === undefined || process.state === "pausing") return;
  if (!state.jobs.has(job) || member.leaving) {
    if (state.jobs.has(job)) noteCutOff(state, member.executor, error);
    member.processes.delete(job);
    return;
  }
  if (process.state === "stopping") {
    member.processes.delete(job); // it was removed and added again: the old process is gone, so a new one may start
    start(member, session, job, at, effects);
    return;
  }
  const steady = process.state === "running" && at - process.startedAt >= state.settings.steadyAfter;
  process.crashes = steady ? 1 : process.crashes + 1;
  const pause = backoffPause(state.settings.restartDelay, process.crashes, state.settings.rng);
  process.state = "pausing";
  process.pid = undefined;
  process.restartAt = epochMs(at + pause);
  if (error === undefined) return; // an orderly exit, as at the end of its job, which is about to be reported
  effects.push({
    type: "jobWarning",
    job,
    warning: executorRestarted(
      member.executor,
      `the process of job ${job} on executor ${member.executor} ended: ${headline(error)}. It restarts in ${pause} ms.`,
    ),
  });
}

/** Requests a timer for the next deadline, unless one for then, or slightly earlier, is set already. */
function planWake(state: Membership, effects: MembershipEffect[]): void {
  let next = Number.POSITIVE_INFINITY;
  for (const member of state.sessions.values()) {
    next = Math.min(next, member.lastSeenAt + state.settings.timeout);
    for (const process of member.processes.values()) {
      if (process.state === "pausing") next = Math.min(next, process.restartAt);
    }
  }
  if (next === Number.POSITIVE_INFINITY || (state.wakeAt !== undefined && state.wakeAt <= next)) return;
  state.wakeAt = epochMs(next);
  effects.push({ type: "wakeAt", at: state.wakeAt });
}

/** Throws if the state is unreachable for correct code. For tests and simulation. */
export function checkMembership(state: Membership): void {
  for (const [session, member] of state.sessions) {
    assert(member.session === session, `session ${session} is listed for another member`);
    assert(state.members.get(member.executor) === member, `${member.executor} is connected but not listed`);
    for (const job of state.jobs)
      assert(member.leaving || member.processes.has(job), `job ${job} does not run on ${member.executor}`);
    for (const [job, process] of member.processes) {
      const goesOn = state.jobs.has(job) || (state.awaited.has(job) && runs(process));
      assert(goesOn || process.state === "stopping", `job ${job} is over but ${process.state}`);
    }
  }
  for (const member of state.members.values()) {
    assert(member.session !== undefined || member.processes.size === 0, `${member.executor} is lost but runs jobs`);
    assert(member.session === undefined || state.sessions.get(member.session) === member, "every connection is listed");
  }
  for (const executor of state.drains.keys())
    assert(
      state.members.get(executor)?.session !== undefined,
      `${executor} is gone, and whoever drains it was not told`,
    );
  assert(state.sessions.size === 0 || state.wakeAt !== undefined, "silence would go unnoticed");
}
