import {
  type Clock,
  clauseOf,
  type EngineError,
  type EpochMs,
  type ErrorFactory,
  type ExecutorId,
  errorKind,
  formatDuration,
  type JobConf,
  type JobId,
  type Logger,
  type Millis,
  millis,
  parseDuration,
  protocolMismatch,
  type Timer,
} from "@millrace/base";
import {
  type BlockLocation,
  type LaunchTask,
  type PlannedStage,
  type StageRunId,
  TEMPLATES_MAX,
  type TemplateId,
} from "@millrace/plan";
import {
  type DataAddress,
  type ExecutorSession,
  type FromExecutor,
  PROTOCOL_VERSION,
  type ToExecutor,
} from "@millrace/rpc";
import { HeldTemplates } from "@millrace/scheduler";

const executorLeft = errorKind("EXECUTOR_LOST", "environment", "same-task");

export const wrongJob: ErrorFactory = errorKind("WRONG_JOB", "environment");

export interface ExecutorInfo {
  readonly executor: ExecutorId;
  readonly slots: number;
  readonly data: DataAddress;
  readonly pid: number;
  readonly zone: string;
}

type Hello = Extract<FromExecutor, { readonly type: "hello" }>;

interface Member {
  readonly info: ExecutorInfo;
  readonly session: ExecutorSession;
  /** The artefact is loaded on every slot. */
  ready: boolean;
  /** It was told to end, and serves until it is let go. */
  leaving: boolean;
  /** Monotonic time of its last message: heartbeats come every second. */
  heardMs: number;
  /** Stages and templates that went down this session: it is ordered, so once is enough. */
  readonly held: HeldTemplates;
  /** Launches of this turn of the event loop, sent as one message. */
  pending: LaunchTask[];
  /** What it may let go, told with its next message. Bound: what a batch leaves, within `TIDY_WITHIN`. */
  readonly tidying: Tidying[];
}

type Tidying = Extract<ToExecutor, { readonly type: "stageDone" | "dropTemplates" | "dropShuffles" | "dropBlocks" }>;

/** A message of its own would wake every executor once more a batch; held back this long at most. */
const TIDY_WITHIN = parseDuration("50ms");

export interface ExecutorsHandlers {
  onReady(info: ExecutorInfo): void;
  /** It was told to end; {@link Executors.release} lets it go. */
  onLeaving(executor: ExecutorId): void;
  /** It is gone. `left`: it was told to end. */
  onLost(executor: ExecutorId, error: Error | undefined, left: boolean): void;
  onMessage(executor: ExecutorId, message: FromExecutor): void;
}

/**
 * The sessions of the job's executors: what was sent to whom. Holds no decision: who runs what is the scheduler's.
 */
export class Executors {
  readonly #members = new Map<ExecutorId, Member>();
  readonly #welcome: {
    readonly job: JobId;
    readonly conf: JobConf;
    readonly artefact: BlockLocation;
    readonly data: DataAddress;
  };
  readonly #handlers: ExecutorsHandlers;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #timeout: Millis;
  #watchTimer: Timer | undefined;
  #tidyTimer: Timer | undefined;
  #flushing = false;
  /** Those that have not settled yet, and what waits for them. */
  #settling: { readonly left: Set<ExecutorId>; readonly done: () => void } | undefined;

  constructor(
    welcome: {
      readonly job: JobId;
      readonly conf: JobConf;
      readonly artefact: BlockLocation;
      readonly data: DataAddress;
    },
    handlers: ExecutorsHandlers,
    options: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#welcome = welcome;
    this.#handlers = handlers;
    this.#log = options.log;
    this.#clock = options.clock;
    this.#timeout = welcome.conf["executor.timeout"];
    this.#watch();
  }

  get ready(): readonly ExecutorInfo[] {
    return [...this.#members.values()].filter((member) => member.ready).map((member) => member.info);
  }

  addressOf(executor: ExecutorId): DataAddress | undefined {
    return this.#members.get(executor)?.info.data;
  }

  /** Takes a new session in; it counts once its hello was right and its artefact is loaded. */
  accept(session: ExecutorSession): void {
    let member: Member | undefined;
    session.onMessage((message) => {
      if (message.type === "hello") member = this.#onHello(session, message);
      else if (member !== undefined) this.#onMessage(member, message);
    });
    session.onClose((error) => {
      if (member !== undefined && this.#members.get(member.info.executor) === member) this.#lose(member, error);
    });
  }

  send(executor: ExecutorId, message: ToExecutor): void {
    const member = this.#members.get(executor);
    if (member === undefined) return;
    this.#flushTo(member); // a cancel must not overtake the launch that it is about
    this.#sendTo(member, message);
  }

  /** Tells an executor to let something go. It travels with the next message, or after a moment: nobody waits for it. */
  tidy(executor: ExecutorId, message: Tidying): void {
    const member = this.#members.get(executor);
    if (member !== undefined) this.#tidyLater(member, message);
  }

  /** {@link tidy} on every executor. */
  tidyAll(message: Tidying): void {
    for (const member of this.#members.values()) this.#tidyLater(member, message);
  }

  /** Sends the task with whatever its executor has not yet seen of its stage; tasks of one turn travel together. */
  launch(executor: ExecutorId, stage: PlannedStage, batch: EpochMs, task: LaunchTask): void {
    const member = this.#members.get(executor);
    if (member === undefined) return; // its loss is on its way to the scheduler
    if (!member.held.has(stage.run)) this.#announce(member, stage, batch);
    member.pending.push(task);
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => this.#flush());
    }
  }

  stageDone(run: StageRunId): void {
    for (const member of this.#members.values()) {
      if (!member.held.has(run)) continue;
      this.#tidyLater(member, { type: "stageDone", run });
      this.#dropTemplates(member, member.held.end(run));
    }
  }

  /** It was told to end. */
  isLeaving(executor: ExecutorId): boolean {
    return this.#members.get(executor)?.leaving ?? false;
  }

  /** Lets an executor go that leaves: it closes its session. */
  release(executor: ExecutorId): void {
    this.send(executor, { type: "shutdown", graceful: true });
  }

  /** No task comes any more: lets code of the job finish what it left pending. `done` when each has, or is gone. */
  settle(done: () => void): void {
    this.#settling = { left: new Set(this.ready.map(({ executor }) => executor)), done };
    for (const executor of this.#settling.left) this.send(executor, { type: "settle" });
    this.#onSettled(undefined);
  }

  #onSettled(executor: ExecutorId | undefined): void {
    const { left, done } = this.#settling ?? {};
    if (executor !== undefined) left?.delete(executor);
    if (left?.size !== 0) return;
    this.#settling = undefined;
    done?.();
  }

  /** Ends all sessions after telling the executors to leave. */
  shutdown(graceful: boolean): void {
    for (const member of [...this.#members.values()]) {
      member.session.send({ type: "shutdown", graceful });
    }
    this.#tidyTimer?.cancel();
    this.#members.clear();
    this.#watchTimer?.cancel();
  }

  /**
   * Looks for executors that say nothing any more: a connection may stay up while its process hangs. Time in which this
   * process itself stood still is nobody's silence: what was said meanwhile still waits in its sockets.
   */
  #watch(): void {
    const every = millis(Math.ceil(this.#timeout / 4));
    const due = this.#clock.monotonicMs() + every;
    this.#watchTimer = this.#clock.after(every, () => {
      const now = this.#clock.monotonicMs();
      const stoodStill = Math.max(0, now - due);
      for (const member of [...this.#members.values()]) {
        member.heardMs += stoodStill;
        if (!member.ready || now - member.heardMs <= this.#timeout) continue;
        this.#lose(member, silent(member.info.executor, this.#timeout));
        member.session.close();
      }
      this.#watch();
    });
  }

  #sendTo(member: Member, message: ToExecutor): void {
    for (const tidying of member.tidying.splice(0)) member.session.send(tidying);
    member.session.send(message);
  }

  #tidyLater(member: Member, message: Tidying): void {
    member.tidying.push(message);
    this.#tidyTimer ??= this.#clock.after(TIDY_WITHIN, () => {
      this.#tidyTimer = undefined;
      for (const { session, tidying } of this.#members.values())
        for (const late of tidying.splice(0)) session.send(late);
    });
  }

  #flush(): void {
    this.#flushing = false;
    for (const member of this.#members.values()) this.#flushTo(member);
  }

  #flushTo(member: Member): void {
    if (member.pending.length === 0) return;
    this.#sendTo(member, { type: "launch", tasks: member.pending });
    member.pending = [];
  }

  #announce(member: Member, stage: PlannedStage, batch: EpochMs): void {
    const { send, drop } = member.held.begin(stage);
    this.#dropTemplates(member, drop);
    for (const template of send) this.#sendTo(member, { type: "template", template });
    this.#sendTo(member, {
      type: "stage",
      run: stage.run,
      batch,
      templates: stage.templates.map((template) => template.id),
      captures: stage.captures,
      broadcasts: stage.broadcasts,
      writes: stage.writes,
      partitions: stage.partitions,
      ...(stage.limit === undefined ? {} : { limit: stage.limit }),
    });
  }

  /** Ahead of whatever is sent next, so that a template which comes back is not dropped after it came. */
  #dropTemplates(member: Member, templates: readonly TemplateId[]): void {
    if (templates.length > 0) this.#tidyLater(member, { type: "dropTemplates", templates });
  }

  #onHello(session: ExecutorSession, hello: Hello): Member | undefined {
    const refusal = this.#refusal(hello);
    if (refusal !== undefined) {
      this.#log.warn({ executor: hello.executor, code: refusal.code }, refusal.message);
      session.close();
      return undefined;
    }
    const earlier = this.#members.get(hello.executor);
    if (earlier !== undefined) {
      // The same executor dialled again: the old session is dead, whether or not its socket knows.
      this.#lose(earlier, undefined);
      earlier.session.close();
    }
    const { executor, slots, data, pid, zone } = hello;
    const member: Member = {
      info: { executor, slots, data, pid, zone },
      session,
      ready: false,
      leaving: false,
      heardMs: this.#clock.monotonicMs(),
      held: new HeldTemplates(TEMPLATES_MAX),
      pending: [],
      tidying: [],
    };
    this.#members.set(executor, member);
    const { conf, artefact } = this.#welcome;
    session.send({ type: "welcome", conf, artefact, data: this.#welcome.data });
    return member;
  }

  #refusal(hello: Hello): EngineError | undefined {
    if (hello.protocol !== PROTOCOL_VERSION) {
      return protocolMismatch(
        `executor ${hello.executor} speaks protocol ${hello.protocol}, this driver ${PROTOCOL_VERSION}. It is refused. Run the same release of millrace on both.`,
      );
    }
    if (hello.job !== this.#welcome.job) {
      return wrongJob(
        `executor ${hello.executor} came for job ${hello.job}, this is the driver of ${this.#welcome.job}. It is refused; its supervisor starts the right one.`,
      );
    }
    return undefined;
  }

  #onMessage(member: Member, message: FromExecutor): void {
    member.heardMs = this.#clock.monotonicMs();
    if (message.type === "ready" && !member.ready) {
      member.ready = true;
      this.#sharePeers();
      this.#handlers.onReady(member.info);
      return;
    }
    if (message.type === "leaving") {
      member.leaving = true;
      return this.#handlers.onLeaving(member.info.executor);
    }
    if (message.type === "settled") return this.#onSettled(member.info.executor);
    this.#handlers.onMessage(member.info.executor, message);
  }

  #lose(member: Member, error: Error | undefined): void {
    this.#members.delete(member.info.executor);
    if (!member.ready) return;
    this.#sharePeers();
    this.#handlers.onLost(member.info.executor, error, member.leaving);
    this.#onSettled(member.info.executor);
  }

  #sharePeers(): void {
    const peers = new Map(this.ready.map((info) => [info.executor, info.data]));
    for (const member of this.#members.values()) this.#sendTo(member, { type: "peers", peers });
  }
}

function silent(executor: ExecutorId, timeout: Millis): EngineError {
  return executorLeft(
    `executor ${executor} has said nothing for executor.timeout = ${formatDuration(timeout)} and counts as lost. ` +
      "Its tasks run again on the others; if it only stalls, raise the setting or give its machine less to do.",
    { fields: { executor } },
  );
}

/** Its session is over: for the tasks that it ran, and for whoever reads what it held. `left`: it was told to end. */
export function executorGone(executor: ExecutorId, cause: Error | undefined, left = false): EngineError {
  const how = left
    ? "was told to end and has left"
    : `is gone${cause === undefined ? "" : `: ${clauseOf(cause.message)}`}`;
  return executorLeft(`executor ${executor} ${how}. Its tasks run again on the others, what it held is recomputed.`, {
    fields: { executor },
    ...(cause === undefined ? {} : { cause }),
  });
}
