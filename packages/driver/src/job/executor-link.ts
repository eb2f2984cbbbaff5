import type { EpochMs, ExecutorId } from "@millrace/base";
import { type LaunchTask, type PlannedStage, type StageRunId, TEMPLATES_MAX, type TemplateId } from "@millrace/plan";
import type { DataAddress, ExecutorSession, ToExecutor } from "@millrace/rpc";
import { type HeldInventory, HeldTemplates } from "@millrace/scheduler";

/** Messages by which an executor may drop things. */
export type Tidying = Extract<
  ToExecutor,
  { readonly type: "stageDone" | "dropTemplates" | "dropShuffles" | "dropBlocks" }
>;

/** An executor's introduction. */
export interface ExecutorInfo {
  readonly executor: ExecutorId;
  readonly slots: number;
  readonly data: DataAddress;
  readonly zone: string;
}

/** One executor's session and a record of what was sent on it: it is ordered, so sending once is enough. */
export class ExecutorLink {
  readonly info: ExecutorInfo;
  /** What it has from under an earlier driver of the job, all of it when it is ready. */
  held: HeldInventory | undefined;
  readonly #session: ExecutorSession;
  /** The stages and templates that the executor holds. */
  readonly #held = new HeldTemplates(TEMPLATES_MAX);
  /** Launches of this turn of the event loop, sent as one message. */
  #pending: LaunchTask[] = [];
  /** Sent before the next message. Bound: the drops of one batch, until they are flushed. */
  readonly #tidying: Tidying[] = [];

  constructor(info: ExecutorInfo, session: ExecutorSession) {
    this.info = info;
    this.#session = session;
  }

  addHeld({ blocks, runs }: HeldInventory): void {
    this.held = { blocks: [...(this.held?.blocks ?? []), ...blocks], runs: [...(this.held?.runs ?? []), ...runs] };
  }

  send(message: ToExecutor): void {
    this.flushTidying();
    this.#session.send(message);
  }

  /** Sent with the next message or by {@link flushTidying}: nothing waits for it. */
  tidy(message: Tidying): void {
    this.#tidying.push(message);
  }

  flushTidying(): void {
    for (const message of this.#tidying.splice(0)) this.#session.send(message);
  }

  /** Queues the task for {@link flushLaunches}, and sends the parts of its stage that the executor lacks. */
  launch(stage: PlannedStage, batch: EpochMs, task: LaunchTask): void {
    if (!this.#held.has(stage.run)) this.#announce(stage, batch);
    this.#pending.push(task);
  }

  flushLaunches(): void {
    if (this.#pending.length === 0) return;
    this.send({ type: "launch", tasks: this.#pending });
    this.#pending = [];
  }

  /** @returns True if the executor knew the stage. */
  stageDone(run: StageRunId): boolean {
    if (!this.#held.has(run)) return false;
    this.tidy({ type: "stageDone", run });
    this.#dropTemplates(this.#held.endStage(run));
    return true;
  }

  #announce(stage: PlannedStage, batch: EpochMs): void {
    const { send, drop } = this.#held.startStage(stage);
    this.#dropTemplates(drop);
    for (const template of send) this.send({ type: "template", template });
    this.send({
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

  /** Sent before anything else, so that a template that is sent again is not dropped on arrival. */
  #dropTemplates(templates: readonly TemplateId[]): void {
    if (templates.length > 0) this.tidy({ type: "dropTemplates", templates });
  }
}
