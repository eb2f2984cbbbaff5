import type { Clock, JobConf } from "@millrace/base";
import { type Attempt, type AttemptEnd, slotTask, type TaskSlots } from "@millrace/executor/in-process";
import type { StageRunId, StageTemplate } from "@millrace/plan";
import { type FunctionTable, localTaskFiles, SlotRuntime, type StageStart } from "@millrace/runtime";
import { type BlockPool, FileSystems, LocalFileSystem, type SpillDirectory } from "@millrace/storage";

export interface InThreadSlotsOptions {
  readonly pool: BlockPool;
  readonly spills: SpillDirectory;
  readonly functions: FunctionTable;
  readonly conf: JobConf;
  readonly clock: Clock;
  onEnd(attempt: Attempt, end: AttemptEnd): void;
}

/**
 * One slot in the thread of a test: attempts run one after the other, in the order they came, so that a test sees the
 * same each time. A function that never returns cannot be ended here.
 */
export class InThreadSlots implements TaskSlots {
  readonly #runtime: SlotRuntime;
  readonly #onEnd: InThreadSlotsOptions["onEnd"];
  readonly #waiting: Attempt[] = [];
  #current: Attempt | undefined;

  constructor(options: InThreadSlotsOptions) {
    const { pool, spills, functions, conf, clock } = options;
    this.#onEnd = options.onEnd;
    this.#runtime = new SlotRuntime(
      {
        pool,
        newSpillFile: () => spills.newFile(),
        files: localTaskFiles,
        checkpoints: new FileSystems([new LocalFileSystem()]),
        cancellation: { cancelled: () => this.#current?.cancelled === true },
        clock,
        spillBytes: conf["shuffle.spill.bytes"],
      },
      functions,
    );
  }

  loadTemplate(template: StageTemplate): void {
    this.#runtime.loadTemplate(template);
  }

  dropBroadcasts(ids: readonly string[]): void {
    this.#runtime.dropBroadcasts(ids);
  }

  startStage(stage: StageStart): void {
    this.#runtime.startStage(stage);
  }

  endStage(run: StageRunId): void {
    this.#runtime.endStage(run);
  }

  submit(attempt: Attempt): void {
    attempt.state = "waiting";
    this.#waiting.push(attempt);
    if (this.#current === undefined) void this.#runAll();
  }

  cancel(attempt: Attempt): boolean {
    const at = this.#waiting.indexOf(attempt);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  async #runAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#current = next;
      next.state = "running";
      const outcome = await this.#runtime.runTask(slotTask(next));
      next.state = "ended";
      this.#onEnd(next, { kind: "outcome", outcome });
    }
    this.#current = undefined;
  }
}
