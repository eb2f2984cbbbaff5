import {
  assert,
  type Clock,
  EngineError,
  type JobConf,
  type Logger,
  millis,
  type TakeOutput,
  ThreadOutput,
  toWireError,
} from "@millrace/base";
import type { StageRunId, StageTemplate, TemplateId } from "@millrace/plan";
import { type Commands, SlotThread, type StageStart } from "@millrace/runtime/threads";
import type { BlockPool, BlockStore } from "@millrace/storage";
import { slotStuck } from "../errors.ts";
import { moreHeap } from "../memory.ts";
import { type Attempt, type AttemptEnd, slotTask, type TaskSlots } from "./task.ts";

export interface SlotPoolOptions {
  readonly slots: number;
  readonly pool: BlockPool;
  readonly store: BlockStore;
  readonly heapBytes: number;
  /** For spilled data: the directory of the store. */
  readonly workDir: string;
  /** The executor's build of the job. */
  readonly executorModule: string;
  /** Directories in which to find packages outside the bundle; none if the job has none. */
  readonly externals: readonly string[];
  readonly commands: Pick<Commands, "started" | "ended">;
  readonly conf: JobConf;
  readonly clock: Clock;
  readonly log: Logger;
  readonly output: TakeOutput;
}

export interface SlotPoolHandlers {
  onEnd(attempt: Attempt, end: AttemptEnd): void;
  /** An error in user code for which no task can fail. */
  onTrouble(error: EngineError): void;
  /** The process cannot continue: a thread does not terminate, or none can be started. */
  onFatal(error: Error): void;
}

/** The module that a slot thread runs first if the job has packages outside its bundle. */
const EXTERNALS = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/slots/externals.js" : "./externals.js",
  import.meta.url,
).href;

interface Slot {
  readonly index: number;
  /** Per thread: a replaced thread may have left output that is not taken yet. */
  readonly output: ThreadOutput;
  /** `undefined` while a new one starts. */
  thread: SlotThread | undefined;
  current: Attempt | undefined;
  /** Attempts that wait for this slot. */
  readonly queue: Attempt[];
}

/** Time that a thread gets to terminate, beyond the grace period, before the process exits. */
const STUCK_AFTER_GRACE_MS = 5_000;

/**
 * The slot threads of this process and their queues. A thread that dies is replaced by a new one, which receives the
 * current templates and stages; its attempt is reported as lost.
 */
export class SlotPool implements TaskSlots {
  readonly #options: SlotPoolOptions;
  readonly #handlers: SlotPoolHandlers;
  readonly #slots: Slot[];
  /** Those that the driver counts on: it bounds them. */
  readonly #templates = new Map<TemplateId, StageTemplate>();
  readonly #stages = new Map<StageRunId, StageStart>();
  /** Threads whose end a task has reported. */
  readonly #blamed = new WeakSet<SlotThread>();
  #closing = false;
  /** Threads are ending, and are not replaced. */
  #settling = false;

  constructor(options: SlotPoolOptions, handlers: SlotPoolHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#slots = Array.from({ length: options.slots }, (_, index) => ({
      index,
      output: new ThreadOutput(options.output),
      thread: undefined,
      current: undefined,
      queue: [],
    }));
  }

  /** Starts all threads. @throws ARTEFACT_LOAD_FAILED */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => this.#startThread(slot)));
  }

  get waiting(): number {
    return this.#slots.reduce((sum, slot) => sum + slot.queue.length, 0);
  }

  loadTemplate(template: StageTemplate): void {
    this.#templates.set(template.id, template);
    for (const thread of this.#threads()) thread.loadTemplate(template);
  }

  dropTemplates(ids: readonly TemplateId[]): void {
    for (const id of ids) this.#templates.delete(id);
    for (const thread of this.#threads()) thread.dropTemplates(ids);
  }

  startStage(stage: StageStart): void {
    this.#stages.set(stage.run, stage);
    for (const thread of this.#threads()) thread.startStage(stage);
  }

  endStage(run: StageRunId): void {
    if (!this.#stages.delete(run)) return;
    for (const thread of this.#threads()) thread.endStage(run);
  }

  dropBroadcasts(ids: readonly string[]): void {
    for (const thread of this.#threads()) thread.dropBroadcasts(ids);
  }

  /** Runs the attempt when its slot is free. */
  submit(attempt: Attempt): void {
    attempt.state = "waiting";
    const slot = this.#slots[attempt.task.slot];
    assert(
      slot !== undefined,
      `a task was sent for slot ${attempt.task.slot}, but slots are 0 to ${this.#slots.length - 1}`,
    );
    slot.queue.push(attempt);
    this.#pump(slot);
  }

  /** A queued attempt is removed, which returns `true`; a running one is asked to stop. */
  cancel(attempt: Attempt): boolean {
    const slot = this.#slots[attempt.task.slot];
    const at = slot?.queue.indexOf(attempt) ?? -1;
    if (at >= 0) {
      slot?.queue.splice(at, 1);
      return true;
    }
    if (slot?.current !== attempt || slot.thread === undefined) return false;
    slot.thread.cancel(attempt.task);
    this.#watchCancelled(slot, attempt);
    return false;
  }

  /**
   * No more attempts follow. Resolves when user code has nothing pending in any thread, and its errors are reported.
   */
  async settle(): Promise<void> {
    this.#settling = true;
    await Promise.all(this.#threads().map((thread) => thread.settle()));
  }

  /** Terminates all threads, and frees their memory. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      this.#slots.map(async ({ thread }) => {
        if (thread === undefined) return;
        await thread.terminate();
        await this.#options.store.reclaim(thread.poolOwner);
      }),
    );
  }

  /** Resolves when all output of user code in these threads has been taken. */
  async flush(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.output.flush()));
  }

  #threads(): SlotThread[] {
    return this.#slots.flatMap((slot) => (slot.thread?.alive === true ? [slot.thread] : []));
  }

  #pump(slot: Slot): void {
    const { thread } = slot;
    if (thread === undefined || !thread.alive || slot.current !== undefined) return;
    const attempt = slot.queue.shift();
    if (attempt === undefined) return;
    slot.current = attempt;
    attempt.state = "running";
    thread.run(slotTask(attempt)).then(
      (outcome) => this.#ended(slot, attempt, { kind: "outcome", outcome }),
      (error: unknown) => {
        this.#blamed.add(thread);
        this.#ended(slot, attempt, { kind: "lost", error: asEngineError(error) });
      },
    );
  }

  #ended(slot: Slot, attempt: Attempt, end: AttemptEnd): void {
    slot.current = undefined;
    attempt.state = "ended";
    this.#handlers.onEnd(attempt, end);
    this.#pump(slot);
  }

  async #startThread(slot: Slot): Promise<void> {
    const { pool, heapBytes, workDir, executorModule, externals, commands, conf, clock } = this.#options;
    const thread = await SlotThread.start({
      slot: slot.index,
      pool,
      heapBytes,
      moreHeap: moreHeap({ slots: this.#options.slots, slotHeapBytes: heapBytes }, conf),
      lineBytesMax: conf["line.bytes.max"],
      spillBytes: conf["shuffle.spill.bytes"],
      snapshotDeltas: conf["state.snapshot.deltas"],
      checkpointSync: conf["checkpoint.sync"] === "on",
      stateStore: conf["state.store"],
      workDir,
      executorModule,
      ...(externals.length === 0 ? {} : { setup: { module: EXTERNALS, argument: externals } }),
      commands,
      cancelGraceMs: conf["task.cancel.grace"],
      clock,
      output: slot.output,
      onStray: (error) => this.#handlers.onTrouble(error),
    });
    if (this.#closing || this.#settling) {
      await thread.terminate();
      return;
    }
    for (const template of this.#templates.values()) thread.loadTemplate(template);
    for (const stage of this.#stages.values()) thread.startStage(stage);
    slot.thread = thread;
    void thread.closed.then((cause) => this.#onClosed(slot, thread, cause));
    this.#pump(slot);
  }

  async #onClosed(slot: Slot, thread: SlotThread, cause: EngineError | undefined): Promise<void> {
    if (slot.thread !== thread) return;
    slot.thread = undefined;
    if (this.#closing || (this.#settling && cause === undefined)) return;
    this.#options.log.warn(
      { slot: slot.index, ...(cause === undefined ? {} : { code: cause.code }) },
      cause?.message ?? "a slot thread ended",
    );
    if (cause !== undefined && !this.#blamed.has(thread)) this.#handlers.onTrouble(cause);
    if (this.#settling) return;
    try {
      // The attempt's end is reported in an earlier microtask: its pins have been released.
      await this.#options.store.reclaim(thread.poolOwner);
      await this.#startThread(slot);
    } catch (error) {
      if (!this.#closing) this.#handlers.onFatal(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A native call cannot be interrupted: if even termination does not end the thread, the process has to exit. */
  #watchCancelled(slot: Slot, attempt: Attempt): void {
    const graceMs = this.#options.conf["task.cancel.grace"] + STUCK_AFTER_GRACE_MS;
    this.#options.clock.after(millis(graceMs), () => {
      if (slot.current !== attempt || this.#closing) return;
      this.#handlers.onFatal(
        slotStuck(
          `slot ${slot.index} has not ended ${graceMs} ms after its task was cancelled: a native call blocks its thread. ` +
            `This executor process of the job is terminated and its work moves elsewhere; other jobs are not affected.`,
          { fields: { slot: slot.index } },
        ),
      );
    });
  }
}

function asEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return slotStuck(toWireError(error).message, { cause: error });
}
