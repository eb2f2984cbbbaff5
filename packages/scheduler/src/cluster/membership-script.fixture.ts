import { epochMs, executorId, type JobId, jobId, millis } from "@millrace/base";
import { checkMembership, stepMembership } from "./membership.ts";
import { type MembershipEffect, type MembershipEvent, memberSessionId } from "./membership-events.ts";
import { type Membership, membership, membershipDefaults } from "./membership-state.ts";

// Shared by the tests of the membership: concise events, and effects as lines.

export const SETTINGS = membershipDefaults(1, millis(10_000), { next: () => 0, int: () => 0 });
export const cluster = (): Membership => membership(SETTINGS);

export const j1 = jobId("j1");
export const j2 = jobId("j2");

interface Hello {
  readonly at?: number;
  readonly protocol?: number;
  readonly host?: string;
  readonly pid?: number;
  readonly jobs?: readonly JobId[];
}

export const hello = (session: number, name: string, options: Hello = {}): MembershipEvent => ({
  type: "hello",
  session: memberSessionId(session),
  at: epochMs(options.at ?? 0),
  protocol: options.protocol ?? 1,
  executor: executorId(name),
  slots: 2,
  memoryBytes: 1 << 30,
  host: options.host ?? `host-${session}`,
  pid: options.pid ?? session,
  jobs: options.jobs ?? [],
});
export const heartbeat = (session: number, at: number): MembershipEvent => ({
  type: "heartbeat",
  session: memberSessionId(session),
  at: epochMs(at),
});
export const closed = (session: number, at = 0): MembershipEvent => ({
  type: "closed",
  session: memberSessionId(session),
  at: epochMs(at),
});
export const leaving = (session: number): MembershipEvent => ({
  type: "leaving",
  session: memberSessionId(session),
  at: epochMs(0),
});
export const tick = (at: number): MembershipEvent => ({ type: "tick", at: epochMs(at) });
export const added = (job: JobId): MembershipEvent => ({ type: "jobAdded", job, at: epochMs(0) });
export const awaited = (job: JobId): MembershipEvent => ({ type: "jobAwaited", job, at: epochMs(0) });
export const removed = (job: JobId): MembershipEvent => ({
  type: "jobRemoved",
  job,
  at: epochMs(0),
  grace: millis(500),
});
export const up = (session: number, job: JobId, at = 0): MembershipEvent => ({
  type: "processStarted",
  session: memberSessionId(session),
  job,
  pid: 7,
  at: epochMs(at),
});
export const down = (session: number, job: JobId, at = 0, message = "out of memory"): MembershipEvent => ({
  type: "processExited",
  session: memberSessionId(session),
  job,
  error: { name: "Error", message },
  at: epochMs(at),
});

function format(effect: MembershipEffect): string {
  switch (effect.type) {
    case "welcome":
    case "close":
    case "leave":
      return `${effect.type} ${effect.session}`;
    case "refuse":
      return `refuse ${effect.session} ${effect.error.code}`;
    case "startJob":
    case "holdJob":
    case "stopJob":
      return `${effect.type} ${effect.job} on ${effect.session}`;
    case "executorJoined":
    case "executorLost":
    case "executorLeaving":
    case "executorLeft":
      return `${effect.type} ${effect.executor}`;
    case "drainAnswered":
      return `drain ${effect.request} ${effect.error === undefined ? "left" : effect.error.message}`;
    case "jobWarning":
      return `warning ${effect.job}`;
    case "wakeAt":
      return `wakeAt ${effect.at}`;
  }
}

/** The effects of the last event; without timers unless asked for. */
export function after(state: Membership, ...events: readonly MembershipEvent[]): readonly string[] {
  return allAfter(state, ...events).filter((line) => !line.startsWith("wakeAt"));
}

export function allAfter(state: Membership, ...events: readonly MembershipEvent[]): readonly string[] {
  let effects: readonly MembershipEffect[] = [];
  for (const event of events) {
    effects = stepMembership(state, event);
    checkMembership(state);
  }
  return effects.map(format);
}
