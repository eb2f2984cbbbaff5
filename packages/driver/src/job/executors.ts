import {
  type Clock,
  type EpochMs,
  type ExecutorId,
  type JobConf,
  type JobId,
  type Logger,
  parseDuration,
  type Timer,
  unreachable,
  type Warning,
  type WireError,
} from "@millrace/base";
import type { BlockLocation, CheckpointProbe, LaunchTask, PlannedStage, StageRunId } from "@millrace/plan";
import {
  type DataAddress,
  type ExecutorSession,
  type FromExecutor,
  PROTOCOL_VERSION,
  type ReceivedLogPlace,
  type ToExecutor,
} from "@millrace/rpc";
import {
  type ExecutorSessionId,
  executorSessionId,
  type HeldInventory,
  type Roster,
  type RosterEffect,
  type RosterEvent,
  readyMembers,
  roster,
  stepRoster,
} from "@millrace/scheduler";
import { Alarm } from "../alarm.ts";
import { Dispatcher } from "../dispatcher.ts";
import { type ExecutorInfo, ExecutorLink, type Tidying } from "./executor-link.ts";

/** The longest delay of messages about drops: sent alone, they would wake every executor once more per batch. */
const TIDY_WITHIN = parseDuration("50ms");

/** The data that executors receive when they are accepted. */
export interface Welcome {
  readonly conf: JobConf;
  readonly artefact: BlockLocation;
  readonly data: DataAddress;
  readonly receivedLog: ReceivedLogPlace | undefined;
  readonly probe: CheckpointProbe | undefined;
}

export interface ExecutorsPorts {
  readonly job: JobId;
  readonly clock: Clock;
  readonly log: Logger;
  warn(warning: Warning): void;
  onReady(info: ExecutorInfo): void;
  /** It cannot be used, and was sent away. */
  onUnfit(executor: ExecutorId, error: WireError): void;
  /** It was told to end; {@link Executors.release} releases it. */
  onLeaving(executor: ExecutorId): void;
  /** It was ready, and is gone. */
  onLost(executor: ExecutorId, error: WireError): void;
  onMessage(executor: ExecutorId, message: FromExecutor): void;
  /** Answers {@link Executors.settle}. */
  onAllSettled(): void;
}

/**
 * The sessions of the job's executors: carries out what the roster decides, and sends what the other machines decide.
 */
export class Executors {
  readonly #state: Roster;
  readonly #machine: Dispatcher<RosterEvent, RosterEffect>;
  readonly #ports: ExecutorsPorts;
  /** Open sessions of all that dialled. */
  readonly #sessions = new Map<ExecutorSessionId, ExecutorSession>();
  /** Links of executors that have said hello, until refused or lost. */
  readonly #links = new Map<ExecutorSessionId, ExecutorLink>();
  #welcome: Welcome | undefined;
  readonly #alarm: Alarm;
  #nextSession = 0;
  #tidyTimer: Timer | undefined;
  #flushing = false;
  #over = false;

  constructor(ports: ExecutorsPorts) {
    this.#ports = ports;
    this.#state = roster({ job: ports.job, protocol: PROTOCOL_VERSION });
    this.#machine = new Dispatcher(
      (event) => stepRoster(this.#state, event),
      (effect) => this.#perform(effect),
    );
    this.#alarm = new Alarm(ports.clock, (at) => this.#machine.dispatch({ type: "tick", at }));
  }

  get ready(): readonly ExecutorInfo[] {
    return readyMembers(this.#state).flatMap(({ session }) => this.#links.get(session)?.info ?? []);
  }

  addressOf(executor: ExecutorId): DataAddress | undefined {
    return this.#link(executor)?.info.data;
  }

  /** What it has from under an earlier driver of the job. Once. */
  takeHeld(executor: ExecutorId): HeldInventory | undefined {
    const link = this.#link(executor);
    const held = link?.held;
    if (link !== undefined) link.held = undefined;
    return held;
  }

  /** It was told to end. */
  isLeaving(executor: ExecutorId): boolean {
    return this.#state.byExecutor.get(executor)?.state === "leaving";
  }

  /** The job is built: executors may load it. */
  open(welcome: Welcome): void {
    this.#welcome = welcome;
    this.#machine.dispatch({ type: "opened", timeout: welcome.conf["executor.timeout"], at: this.#now() });
  }

  /** Accepts a new session, which counts once its hello is valid and the artefact is loaded. */
  accept(session: ExecutorSession): void {
    if (this.#over) return session.close();
    const id = executorSessionId(this.#nextSession++);
    this.#sessions.set(id, session);
    session.onMessage((message) => this.#onMessage(id, session, message));
    session.onClose((error) => {
      this.#sessions.delete(id);
      this.#machine.dispatch({ type: "closed", session: id, error });
    });
  }

  /** Reports why an executor's process ended. */
  explain(executor: ExecutorId, error: WireError): void {
    this.#machine.dispatch({ type: "explained", executor, error });
  }

  send(executor: ExecutorId, message: ToExecutor): void {
    const link = this.#link(executor);
    link?.flushLaunches(); // a cancel must not overtake its launch
    link?.send(message);
  }

  /** Tells an executor to drop something. Sent with the next message or after a short delay: nothing waits for it. */
  tidy(executor: ExecutorId, message: Tidying): void {
    this.#link(executor)?.tidy(message);
    this.#tidySoon();
  }

  /** {@link tidy} on every executor. */
  tidyAll(message: Tidying): void {
    for (const link of this.#links.values()) link.tidy(message);
    this.#tidySoon();
  }

  /** Sends the task, and the parts of its stage that the executor lacks; tasks of one turn travel together. */
  launch(executor: ExecutorId, stage: PlannedStage, batch: EpochMs, task: LaunchTask): void {
    this.#link(executor)?.launch(stage, batch, task); // the scheduler learns of lost ones
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      for (const link of this.#links.values()) link.flushLaunches();
    });
  }

  stageDone(run: StageRunId): void {
    for (const link of this.#links.values()) if (link.stageDone(run)) this.#tidySoon();
  }

  /** Releases a leaving executor: it closes its session. */
  release(executor: ExecutorId): void {
    this.send(executor, { type: "shutdown", graceful: true });
  }

  /** No more tasks follow: lets pending user code finish. Answered by `onAllSettled`. */
  settle(): void {
    this.#machine.dispatch({ type: "settle" });
  }

  /** Ends all sessions after telling the executors to leave. */
  shutdown(graceful: boolean): void {
    this.#over = true;
    const members = new Set(this.#state.members.keys());
    for (const [id, session] of this.#sessions) {
      if (members.has(id) && this.#welcome !== undefined) session.send({ type: "shutdown", graceful });
      else session.close();
    }
    this.#tidyTimer?.cancel();
    this.#links.clear();
    this.#machine.dispatch({ type: "closedDown" });
  }

  #link(executor: ExecutorId): ExecutorLink | undefined {
    const member = this.#state.byExecutor.get(executor);
    return member === undefined ? undefined : this.#links.get(member.session);
  }

  #now(): number {
    return this.#ports.clock.monotonicMs();
  }

  #onMessage(session: ExecutorSessionId, from: ExecutorSession, message: FromExecutor): void {
    const at = this.#now();
    if (message.type === "hello") {
      const { executor, protocol, job, slots, data, zone } = message;
      this.#links.set(session, new ExecutorLink({ executor, slots, data, zone }, from));
      return this.#machine.dispatch({ type: "hello", session, executor, protocol, job, slots, at });
    }
    const member = this.#state.members.get(session);
    if (member === undefined) return; // it was refused, or counts as lost
    switch (message.type) {
      case "unfit":
        return this.#machine.dispatch({ type: "unfit", session, error: message.error });
      case "ready":
      case "leaving":
      case "settled":
        return this.#machine.dispatch({ type: message.type, session, at });
      case "held":
        return this.#links.get(session)?.addHeld(message);
      default:
        this.#machine.dispatch({ type: "heard", session, at });
        return this.#ports.onMessage(member.executor, message);
    }
  }

  #perform(effect: RosterEffect): void {
    switch (effect.type) {
      case "welcome":
        if (this.#welcome !== undefined) this.#links.get(effect.session)?.send({ type: "welcome", ...this.#welcome });
        return;
      case "refuse": {
        const { executor, error } = effect;
        this.#ports.log.warn({ executor, code: error.code }, error.message);
        this.#links.delete(effect.session);
        return this.#sessions.get(effect.session)?.close();
      }
      case "close":
        return this.#sessions.get(effect.session)?.close();
      case "peersChanged":
        return this.#sharePeers();
      case "executorReady": {
        const info = this.#link(effect.executor)?.info;
        return info === undefined ? undefined : this.#ports.onReady(info);
      }
      case "executorUnfit":
        this.#links.delete(effect.session);
        return this.#ports.onUnfit(effect.executor, effect.error);
      case "executorLeaving":
        return this.#ports.onLeaving(effect.executor);
      case "executorLost":
        this.#links.delete(effect.session);
        return effect.wasReady ? this.#ports.onLost(effect.executor, effect.error) : undefined;
      case "askToSettle":
        return this.#links.get(effect.session)?.send({ type: "settle" });
      case "allSettled":
        return this.#ports.onAllSettled();
      case "warning":
        return this.#ports.warn(effect.warning);
      case "wakeAt":
        return this.#alarm.set(effect.at);
      case "cancelWake":
        return this.#alarm.cancel();
      default:
        return unreachable(effect);
    }
  }

  #sharePeers(): void {
    const peers = new Map(this.ready.map((info) => [info.executor, info.data]));
    for (const session of this.#state.members.keys()) this.#links.get(session)?.send({ type: "peers", peers });
  }

  #tidySoon(): void {
    this.#tidyTimer ??= this.#ports.clock.after(TIDY_WITHIN, () => {
      this.#tidyTimer = undefined;
      for (const link of this.#links.values()) link.flushTidying();
    });
  }
}
