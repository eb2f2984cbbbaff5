import { Worker } from "node:worker_threads";
import {
  assert,
  type Clock,
  clauseOf,
  deferred,
  describeThrown,
  EngineError,
  fromWireError,
  type JobConf,
  type Millis,
  type ThreadOutput,
  type Timer,
  threadHeap,
  unreachable,
} from "@millrace/base";
import type { StageRunId, StageTemplate, TaskKey, TemplateId } from "@millrace/plan";
import type { BlockPool } from "@millrace/storage";
import { artefactLoadFailed, slotCrashed, slotExited, slotTerminated } from "../errors.ts";
import { ProcessGroups } from "../operator-port/process-groups.ts";
import type { Commands } from "../ports.ts";
import type { SlotOutcome, SlotTask, StageStart } from "../task.ts";
import { afterThread, exitMessage } from "./exit-message.ts";
import { tableBytes } from "./heap.ts";
import { inputBytes, outOfMemory } from "./out-of-memory.ts";
import type { FromSlot, SlotInit, SlotSetup, ToSlot } from "./protocol.ts";

export interface SlotThreadOptions {
  /** Position among the executor's slots: 0, 1, … */
  readonly slot: number;
  readonly pool: BlockPool;
  /** Heap of the thread. Beyond it V8 ends the thread or aborts the whole process. */
  readonly heapBytes: number;
  /** The remedy that provides this much heap, for error messages: `raise executor.slot.heap from … to …`. */
  readonly moreHeap: (heapBytes: number) => string;
  /** The setting `line.bytes.max`. */
  readonly lineBytesMax: number;
  /** `shuffle.spill.bytes`, or less if the heap is small. */
  readonly spillBytes: number;
  /** `state.snapshot.deltas`. */
  readonly snapshotDeltas: number;
  /** `checkpoint.sync`. */
  readonly checkpointSync: boolean;
  /** `state.store`. */
  readonly stateStore: JobConf["state.store"];
  /** A folder that exists, on local disk, for scratch and spill files. */
  readonly workDir: string;
  /** Absolute path of the artefact's executor build, as `installArtefact` wrote it. */
  readonly executorModule: string;
  /** Run on the thread before the artefact is loaded, for example to provide packages outside the bundle. */
  readonly setup?: SlotSetup;
  /** Notified of the process groups of commands, which end with the thread; all of them must end with the process. */
  readonly commands?: Pick<Commands, "started" | "ended">;
  /** The time that a cancelled task may run before its thread is terminated. */
  readonly cancelGraceMs: Millis;
  readonly clock: Clock;
  /** The destination of user code's output. */
  readonly output: ThreadOutput;
  /** An error in user code for which no task can fail; the thread keeps running. */
  readonly onStray: (error: EngineError) => void;
}

interface Pending {
  readonly number: number;
  readonly task: SlotTask;
  readonly resolve: (outcome: SlotOutcome) => void;
  readonly reject: (error: EngineError) => void;
}

/**
 * The main thread's handle of one slot thread. Runs one task at a time; `run` on a busy slot is a defect of the caller.
 *
 * A thread that dies rejects what is pending with the cause, settles `closed`, and is not replaced: the executor starts
 * another {@link SlotThread} and sends it templates and stages again. The state of the thread is lost.
 */
export class SlotThread {
  readonly slot: number;
  /** Resolves once, when the thread has ended: with the cause, or `undefined` after `terminate` on an idle thread. */
  readonly closed: Promise<EngineError | undefined>;

  /** The owner number of the thread's pool memory: for `BlockStore.reclaim` once it has died. */
  readonly poolOwner: number;

  readonly #options: SlotThreadOptions;
  readonly #worker: Worker;
  readonly #cancel = new Int32Array(new SharedArrayBuffer(4));
  readonly #stateKeys = new Int32Array(new SharedArrayBuffer(4));
  /** Encoded size of the broadcast variables of each running stage. */
  readonly #broadcastBytes = new Map<StageRunId, number>();
  readonly #started = deferred<void>();
  readonly #closed = deferred<EngineError | undefined>();
  #alive = true;
  #terminating = false;
  #settling = false;
  #pending: Pending | undefined;
  #grace: Timer | undefined;
  #cause: EngineError | undefined;
  #nextNumber = 1;
  /** Commands of the running task, which would outlive a terminated thread. */
  readonly #commands = new ProcessGroups();

  /**
   * Starts a thread and loads the artefact in it.
   *
   * @throws ARTEFACT_LOAD_FAILED Module-level code of the job threw; `cause` is its error.
   */
  static async start(options: SlotThreadOptions): Promise<SlotThread> {
    const thread = new SlotThread(options);
    await thread.#started.promise;
    return thread;
  }

  private constructor(options: SlotThreadOptions) {
    this.slot = options.slot;
    this.closed = this.#closed.promise;
    this.#options = options;
    const pool = options.pool.handle;
    this.poolOwner = pool.owner;
    const output = options.output.connect();
    const init: SlotInit = {
      slot: options.slot,
      pool,
      cancel: this.#cancel.buffer,
      stateKeys: this.#stateKeys.buffer,
      workDir: options.workDir,
      lineBytesMax: options.lineBytesMax,
      spillBytes: tableBytes(options.spillBytes, options.heapBytes),
      snapshotDeltas: options.snapshotDeltas,
      checkpointSync: options.checkpointSync,
      stateStore: options.stateStore,
      executorModule: options.executorModule,
      setup: options.setup,
      output,
    };
    this.#worker = new Worker(threadEntry(), {
      workerData: init,
      transferList: [output.port],
      name: `slot-${options.slot}`,
      execArgv: [],
      resourceLimits: threadHeap(options.heapBytes),
    });
    this.#worker.on("message", (message: FromSlot) => this.#onMessage(message));
    this.#worker.on("error", (error: unknown) => this.#onError(error));
    this.#worker.on("exit", (code: number) => this.#onExit(code));
  }

  /** False once the thread has ended or is being terminated. */
  get alive(): boolean {
    return this.#alive && !this.#terminating && !this.#settling;
  }

  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Sends a template. Must precede the first stage that uses it. */
  loadTemplate(template: StageTemplate): void {
    this.#post({ type: "template", template });
  }

  /** Drops templates that no running stage uses. */
  dropTemplates(ids: readonly TemplateId[]): void {
    this.#post({ type: "dropTemplates", ids });
  }

  /** Announces a stage. Must precede its first task. */
  startStage(stage: StageStart): void {
    this.#broadcastBytes.set(stage.run, inputBytes(stage.broadcasts.map(({ source }) => source)));
    this.#post({ type: "stage", stage });
  }

  endStage(run: StageRunId): void {
    this.#broadcastBytes.delete(run);
    this.#post({ type: "stageDone", run });
  }

  /** Drops decoded broadcast variables, by block id. */
  dropBroadcasts(ids: readonly string[]): void {
    this.#post({ type: "dropBroadcasts", ids });
  }

  /**
   * Runs a task; failures of the task itself are outcomes.
   *
   * @throws SLOT_EXITED, SLOT_CRASHED, SLOT_OUT_OF_MEMORY, SLOT_TERMINATED The thread died before the task was done.
   */
  run(task: SlotTask): Promise<SlotOutcome> {
    assert(this.#pending === undefined, `slot ${this.slot} was given a task while it was running one`);
    if (!this.#alive) {
      return Promise.reject(this.#cause ?? slotTerminated(`slot ${this.slot} has ended: the task did not start.`));
    }
    const number = this.#nextNumber++;
    return new Promise((resolve, reject) => {
      this.#pending = { number, task, resolve, reject };
      this.#post({ type: "task", number, task });
    });
  }

  /** Asks the running task to stop; after the grace period its thread is terminated. No effect on other tasks. */
  cancel({ run, partition, attempt }: TaskKey): void {
    const pending = this.#pending;
    if (pending === undefined || this.#grace !== undefined) return;
    const { task } = pending;
    if (task.run !== run || task.partition !== partition || task.attempt !== attempt) return;
    Atomics.store(this.#cancel, 0, pending.number);
    this.#grace = this.#options.clock.after(this.#options.cancelGraceMs, () => {
      this.#cause ??= slotTerminated(
        `slot ${this.slot} was terminated because its task did not stop within ${this.#options.cancelGraceMs} ms of being cancelled. ` +
          "The state it held is reloaded elsewhere. User code that runs for long without returning cannot be interrupted otherwise.",
      );
      void this.terminate();
    });
  }

  /**
   * Terminates the thread. The promise stays pending while a native call blocks it: stop waiting and exit the process
   * then.
   */
  async terminate(): Promise<void> {
    this.#terminating = true;
    await this.#worker.terminate();
    await this.#closed.promise;
  }

  /**
   * Takes no further task, and lets the thread end once user code has nothing pending, as Node.js ends a process. A
   * repeating timer or an open connection prevents that: `terminate` it after a while. Resolves like `closed`.
   */
  settle(): Promise<EngineError | undefined> {
    this.#settling = true;
    this.#post({ type: "settle" });
    return this.closed;
  }

  #post(message: ToSlot): void {
    if (this.#alive) this.#worker.postMessage(message);
  }

  #onMessage(message: FromSlot): void {
    switch (message.type) {
      case "ready":
        this.#started.resolve();
        return;
      case "loadFailed":
        this.#cause = artefactLoadFailed(
          `the job's code failed while it was loaded on slot ${this.slot}: ${clauseOf(message.error.message)}. Nothing runs on this executor; correct the module-level code of the job.`,
          { cause: fromWireError(message.error) },
        );
        void this.terminate();
        return;
      case "dying": {
        const error = fromWireError(message.error);
        this.#cause ??= error instanceof EngineError ? error : this.#crashed(error);
        return;
      }
      case "stray": {
        const error = fromWireError(message.error);
        if (error instanceof EngineError) this.#options.onStray(error);
        return;
      }
      case "commandStarted":
        this.#commands.started(message.group);
        this.#options.commands?.started(message.group);
        return;
      case "commandEnded":
        this.#commands.ended(message.group);
        this.#options.commands?.ended(message.group);
        return;
      case "done":
        this.#onDone(message.number, message.outcome);
        return;
      default:
        return unreachable(message);
    }
  }

  #onDone(number: number, outcome: SlotOutcome): void {
    const pending = this.#pending;
    if (pending?.number !== number) return; // its end was already reported
    this.#grace?.cancel();
    this.#grace = undefined;
    this.#pending = undefined;
    pending.resolve(outcome);
  }

  #onError(error: unknown): void {
    this.#cause ??= isOutOfMemory(error) ? this.#outOfMemory() : this.#crashed(error);
  }

  #crashed(error: unknown): EngineError {
    return slotCrashed(
      `user code on slot ${this.slot} threw an error that nothing caught: ${describeThrown(error)}. The slot's thread ended${afterThread(this.busy)}; ` +
        "await every promise and handle the errors of timers and emitters.",
      { cause: error },
    );
  }

  #outOfMemory(): EngineError {
    const task = this.#pending?.task;
    return outOfMemory({
      slot: this.slot,
      heapBytes: this.#options.heapBytes,
      moreHeap: this.#options.moreHeap,
      stateKeys: Atomics.load(this.#stateKeys, 0),
      doing: this.#doing(),
      inputBytes: task === undefined ? 0 : inputBytes(task.inputs),
      broadcastBytes: task === undefined ? 0 : (this.#broadcastBytes.get(task.run) ?? 0),
    });
  }

  #onExit(code: number): void {
    this.#alive = false;
    this.#grace?.cancel();
    for (const group of this.#commands.endAll()) this.#options.commands?.ended(group);
    const asked = this.#terminating || (this.#settling && code === 0);
    const orderly = asked && this.#pending === undefined;
    const cause =
      this.#cause ??
      (asked
        ? slotTerminated(`slot ${this.slot} was ended${this.#doing()}.`)
        : slotExited(exitMessage({ slot: this.slot, code, caller: undefined, busy: this.busy })));
    this.#cause = cause;
    this.#started.promise.catch(() => undefined); // nobody may be waiting
    this.#started.reject(cause);
    this.#pending?.reject(cause);
    this.#pending = undefined;
    this.#closed.resolve(orderly && cause.code === slotTerminated.code ? undefined : cause);
  }

  #doing(): string {
    const task = this.#pending?.task;
    return task === undefined ? "" : ` while it computed partition ${task.partition} of stage ${task.run}`;
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

/** The compiled entry: beside this file if this is compiled, in `dist` when tests run the source. */
function threadEntry(): URL {
  return import.meta.url.endsWith(".ts")
    ? new URL("../../dist/slot/thread.js", import.meta.url)
    : new URL("./thread.js", import.meta.url);
}
