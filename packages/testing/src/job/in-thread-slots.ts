import { assert, type Clock, type JobConf, toWireError } from "@millrace/base";
import { type Attempt, type AttemptEnd, type ExecutorSlots, slotTask } from "@millrace/executor/in-process";
import type { StageRunId, StageTemplate, TemplateId } from "@millrace/plan";
import { type FunctionTable, type SlotOutcome, SlotRuntime, type StageStart, threadHeapUse } from "@millrace/runtime";
import { type BlockPool, localFileSystems, type SpillDirectory, stateStores } from "@millrace/storage";
import { type Faults, freeOutcome } from "./faults.ts";

export interface InThreadSlotsOptions {
  readonly pool: BlockPool;
  readonly spills: SpillDirectory;
  readonly functions: FunctionTable;
  /** State is pinned to its slot, as it is on threads. */
  readonly slots: number;
  readonly conf: JobConf;
  readonly clock: Clock;
  readonly faults: Faults | undefined;
  onEnd(attempt: Attempt, end: AttemptEnd): void;
  /** A fault kills the executor. */
  onLost(): void;
}

/**
 * Slots in the thread of a test: attempts run one after the other, in order of arrival, so that results are
 * reproducible. A function that never returns cannot be terminated here.
 */
export class InThreadSlots implements ExecutorSlots {
  readonly #runtimes: readonly SlotRuntime[];
  readonly #options: InThreadSlotsOptions;
  readonly #waiting: Attempt[] = [];
  #current: Attempt | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: InThreadSlotsOptions) {
    this.#options = options;
    this.#runtimes = Array.from({ length: options.slots }, () => this.#newRuntime());
  }

  async start(): Promise<void> {}

  loadTemplate(template: StageTemplate): void {
    for (const runtime of this.#runtimes) runtime.loadTemplate(template);
  }

  dropTemplates(ids: readonly TemplateId[]): void {
    for (const runtime of this.#runtimes) runtime.dropTemplates(ids);
  }

  dropBroadcasts(ids: readonly string[]): void {
    for (const runtime of this.#runtimes) runtime.dropBroadcasts(ids);
  }

  startStage(stage: StageStart): void {
    for (const runtime of this.#runtimes) runtime.startStage(stage);
  }

  endStage(run: StageRunId): void {
    for (const runtime of this.#runtimes) runtime.endStage(run);
  }

  submit(attempt: Attempt): void {
    if (this.#closed) return;
    attempt.state = "waiting";
    this.#waiting.push(attempt);
    if (this.#current === undefined) this.#running = this.#runAll();
  }

  cancel(attempt: Attempt): boolean {
    const at = this.#waiting.indexOf(attempt);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** Code of the job that continues after its task is not awaited here. */
  async settle(): Promise<void> {}

  async flush(): Promise<void> {}

  /** Starts no more attempts. Resolves when the running one has ended; its outcome is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    await this.#running;
    for (const runtime of this.#runtimes) runtime.close();
  }

  async #runAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#current = next;
      next.state = "running";
      this.#options.faults?.onStart(next);
      const outcome = await this.#runtimeOf(next).runTask(slotTask(next));
      next.state = "ended";
      if (this.#closed) freeOutcome(outcome, this.#options.pool);
      else this.#end(next, outcome);
    }
    this.#current = undefined;
  }

  #end(attempt: Attempt, outcome: SlotOutcome): void {
    const { faults, pool, onEnd, onLost } = this.#options;
    const good = outcome.kind === "mapOutput" || outcome.kind === "result";
    const lost = faults === undefined || !good ? "nothing" : faults.onSuccess(attempt);
    if (lost === "nothing") return onEnd(attempt, { kind: "outcome", outcome });
    freeOutcome(outcome, pool);
    if (lost === "executor") onLost();
    else onEnd(attempt, { kind: "outcome", outcome: { kind: "failed", error: toWireError(new Error("a fault")) } });
  }

  #runtimeOf({ task }: Attempt): SlotRuntime {
    const runtime = this.#runtimes[task.slot];
    assert(runtime !== undefined, "the scheduler names a slot that there is");
    return runtime;
  }

  #newRuntime(): SlotRuntime {
    const { pool, spills, functions, conf, clock, faults } = this.#options;
    return new SlotRuntime(
      {
        pool,
        newSpillFile: () => spills.newFile(),
        files: localFileSystems(),
        cancellation: { cancelled: () => this.#current?.cancelled === true },
        clock,
        lineBytesMax: conf["line.bytes.max"],
        get spillBytes() {
          return faults?.spillBytes() ?? conf["shuffle.spill.bytes"];
        },
        snapshotDeltas: conf["state.snapshot.deltas"],
        checkpointSync: conf["checkpoint.sync"] === "on",
        newStateStore: stateStores(conf["state.store"], spills),
        heapUse: threadHeapUse,
      },
      functions,
    );
  }
}
