import {
  type Clock,
  type Deferred,
  deferred,
  type ExecutorId,
  epochMs,
  type JobId,
  type Logger,
  type Millis,
  millis,
  SteadyClock,
  systemRng,
  type Timer,
  toWireError,
  unreachable,
  type Warning,
  type WireError,
} from "@millrace/base";
import type { ExecutorSummary, FromMember, MemberSession, ToMember } from "@millrace/rpc";
import {
  type DrainRequestId,
  drainRequestId,
  type MemberSessionId,
  type Membership,
  type MembershipEffect,
  type MembershipEvent,
  memberSessionId,
  membership,
  membershipDefaults,
  stepMembership,
} from "@millrace/scheduler";
import { Dispatcher } from "../dispatcher.ts";

export interface ClusterShellPorts {
  /** The message that starts a job's process on an executor; `undefined` if the job is gone. */
  startMessage(job: JobId): Extract<ToMember, { readonly type: "startJob" }> | undefined;
  onJobWarning(job: JobId, warning: Warning): void;
  onProcessExited(job: JobId, executor: ExecutorId, error: WireError): void;
  /** Executors have joined, leave or have left, or have another process of a job or one less. */
  onMembers(): void;
}

/** The executor supervisors of the cluster: carries out what the membership machine decides. */
export class ClusterShell {
  readonly #state: Membership;
  readonly #machine: Dispatcher<MembershipEvent, MembershipEffect>;
  readonly #wall: Clock;
  /** The clock of the machine: setting the wall clock makes no executor seem silent. */
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #ports: ClusterShellPorts;
  readonly #sessions = new Map<
    MemberSessionId,
    { readonly session: MemberSession; executor: ExecutorId | undefined }
  >();
  #nextSession = 0;
  readonly #drains = new Map<DrainRequestId, Deferred<void>>();
  #nextDrain = 0;
  #wake: Timer | undefined;

  constructor(
    options: {
      readonly clock: Clock;
      readonly log: Logger;
      readonly protocol: number;
      readonly timeout: Millis;
      readonly restartPauseMax?: Millis | undefined;
    },
    ports: ClusterShellPorts,
  ) {
    this.#wall = options.clock;
    this.#clock = new SteadyClock(options.clock);
    this.#log = options.log;
    this.#ports = ports;
    this.#state = membership(
      membershipDefaults(options.protocol, options.timeout, systemRng(), options.restartPauseMax),
    );
    this.#machine = new Dispatcher(
      (event) => stepMembership(this.#state, event),
      (effect) => this.#perform(effect),
    );
  }

  accept(session: MemberSession): void {
    const id = memberSessionId(this.#nextSession++);
    this.#sessions.set(id, { session, executor: undefined });
    session.onMessage((message) => this.#onMessage(id, message));
    session.onClose(() => {
      this.#sessions.delete(id);
      this.#dispatch({ type: "closed", session: id, at: this.#clock.now() });
    });
  }

  awaitJob(job: JobId): void {
    this.#machine.dispatch({ type: "jobAwaited", job, at: this.#clock.now() });
  }

  addJob(job: JobId): void {
    this.#machine.dispatch({ type: "jobAdded", job, at: this.#clock.now() });
  }

  removeJob(job: JobId, grace: Millis): void {
    this.#machine.dispatch({ type: "jobRemoved", job, at: this.#clock.now(), grace });
  }

  /** Has an executor leave. Resolves when it has; rejects if it may not, or is lost. */
  drain(executor: ExecutorId): Promise<void> {
    const request = drainRequestId(this.#nextDrain++);
    const left = deferred<void>();
    this.#drains.set(request, left);
    this.#dispatch({ type: "drainRequested", request, executor });
    return left.promise;
  }

  executors(): readonly Omit<ExecutorSummary, "rssBytes" | "waitsFor">[] {
    const wallAheadMs = this.#wall.now() - this.#clock.now();
    return [...this.#state.members.values()].map((member) => ({
      id: member.executor,
      host: member.host,
      slots: member.slots,
      memoryBytes: member.memoryBytes,
      state: member.session === undefined ? "lost" : member.leaving ? "draining" : "connected",
      jobs: [...member.processes.keys()],
      lastSeenAt: epochMs(member.lastSeenAt + wallAheadMs),
    }));
  }

  close(): void {
    this.#wake?.cancel();
    for (const { session } of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  #dispatch(event: MembershipEvent): void {
    this.#machine.dispatch(event);
    this.#ports.onMembers();
  }

  #onMessage(session: MemberSessionId, message: FromMember): void {
    const at = this.#clock.now();
    switch (message.type) {
      case "hello": {
        const member = this.#sessions.get(session);
        if (member !== undefined) member.executor = message.executor;
        return this.#dispatch({ ...message, session, at });
      }
      case "heartbeat":
        return this.#machine.dispatch({ type: "heartbeat", session, at });
      case "leaving":
        return this.#dispatch({ type: "leaving", session, at });
      case "left":
        return this.#dispatch({ type: "left", session });
      case "jobStarted":
        return this.#dispatch({ type: "processStarted", session, job: message.job, pid: message.pid, at });
      case "jobExited": {
        const executor = this.#sessions.get(session)?.executor;
        if (message.error !== undefined && executor !== undefined)
          this.#ports.onProcessExited(message.job, executor, message.error);
        return this.#dispatch({ type: "processExited", session, job: message.job, error: message.error, at });
      }
      default:
        return unreachable(message);
    }
  }

  #perform(effect: MembershipEffect): void {
    switch (effect.type) {
      case "welcome":
        return this.#send(effect.session, { type: "welcome" });
      case "refuse":
        this.#log.warn({ code: effect.error.code }, effect.error.message);
        this.#send(effect.session, { type: "refused", error: toWireError(effect.error) });
        return this.#sessions.get(effect.session)?.session.close();
      case "close":
        return this.#sessions.get(effect.session)?.session.close();
      case "leave":
        return this.#send(effect.session, { type: "leave" });
      case "drainAnswered": {
        const left = this.#drains.get(effect.request);
        this.#drains.delete(effect.request);
        return effect.error === undefined ? left?.resolve() : left?.reject(effect.error);
      }
      case "startJob": {
        const message = this.#ports.startMessage(effect.job);
        return message === undefined ? undefined : this.#send(effect.session, message);
      }
      case "holdJob":
        return this.#send(effect.session, { type: "holdJob", job: effect.job });
      case "stopJob":
        return this.#send(effect.session, { type: "stopJob", job: effect.job, graceMs: effect.grace });
      case "executorJoined":
        return this.#log.info(
          { executor: effect.executor, slots: effect.slots, host: effect.host },
          `executor ${effect.executor} joined`,
        );
      case "executorLost":
        return this.#log.warn({ executor: effect.executor }, `executor ${effect.executor} lost: ${effect.reason}`);
      case "executorLeaving":
        return this.#log.info(
          { executor: effect.executor },
          `executor ${effect.executor} drains: it serves its jobs until they release it`,
        );
      case "executorLeft":
        return this.#log.info({ executor: effect.executor }, `executor ${effect.executor} has left`);
      case "jobWarning":
        return this.#ports.onJobWarning(effect.job, effect.warning);
      case "wakeAt":
        this.#wake?.cancel();
        this.#wake = this.#clock.after(millis(Math.max(0, effect.at - this.#clock.now())), () =>
          this.#dispatch({ type: "tick", at: this.#clock.now() }),
        );
        return;
      default:
        return unreachable(effect);
    }
  }

  #send(session: MemberSessionId, message: ToMember): void {
    this.#sessions.get(session)?.session.send(message);
  }
}
