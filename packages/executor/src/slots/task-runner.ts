import { afterStep, beforeStep, type EngineError, type ExecutorId, toWireError, type WireError } from "@millrace/base";
import type {
  BlockId,
  LaunchTask,
  MapOutcome,
  ResultOutcome,
  StageRunId,
  TaskInput,
  TaskKey,
  TaskOutcome,
  TaskStatus,
} from "@millrace/plan";
import { blockId, shuffleBlockId } from "@millrace/plan";
import type { ToExecutor } from "@millrace/rpc";
import type {
  ResolvedBroadcast,
  ResolvedInput,
  SlotMapOutcome,
  SlotOutcome,
  SlotResultOutcome,
} from "@millrace/runtime/threads";
import {
  type BlockHandle,
  type BlockPool,
  type BlockStore,
  freeSlices,
  type Keep,
  readHandle,
} from "@millrace/storage";
import { type BlockFetcher, FetchFailed, type PinnedBlock } from "../blocks/block-fetcher.ts";
import { keepOf, type Replicator } from "../blocks/replicator.ts";
import { stageUnknown, tooManyTasks } from "../errors.ts";
import { lostInput } from "./lost-input.ts";
import { type Attempt, type AttemptEnd, attemptName, newAttempt, releaseHeld, type TaskSlots } from "./task.ts";

/** Concurrent attempts: a driver that knows the slots sends far fewer. */
const ATTEMPTS_MAX = 65_536;
/** Map output up to this size, over all reduce partitions, is included in the status rather than only announced. */
const COPIES_BYTES_MAX = 4_096;

type StageMessage = Extract<ToExecutor, { readonly type: "stage" }>;

interface Stage {
  readonly writes: StageMessage["writes"];
  /** Broadcast variables, pinned until the stage is done. */
  readonly held: PinnedBlock[];
  /** `undefined` once its broadcasts are available and every slot knows it. */
  readonly announced: Promise<void> | undefined;
  over: boolean;
}

export interface TaskRunnerPorts {
  readonly executor: ExecutorId;
  readonly slots: TaskSlots;
  readonly fetcher: BlockFetcher;
  readonly store: BlockStore;
  readonly pool: BlockPool;
  readonly replicator: Replicator;
  send(statuses: readonly TaskStatus[]): void;
}

/**
 * The life of a task on this executor: its inputs are fetched before it takes a slot, its output is stored, and its
 * outcome is reported, together with others of the same turn.
 */
export class TaskRunner {
  readonly #ports: TaskRunnerPorts;
  readonly #stages = new Map<StageRunId, Stage>();
  readonly #attempts = new Map<string, Attempt>();
  #statuses: TaskStatus[] = [];

  constructor(ports: TaskRunnerPorts) {
    this.#ports = ports;
  }

  startStage(message: StageMessage): void {
    const held: PinnedBlock[] = [];
    const stage: Stage = { writes: message.writes, held, announced: this.#announce(message, held), over: false };
    this.#stages.set(message.run, stage);
    stage.announced?.catch(() => {}); // reported by each of its tasks
  }

  endStage(run: StageRunId): void {
    const stage = this.#stages.get(run);
    if (stage === undefined) return;
    stage.over = true;
    this.#stages.delete(run);
    this.#ports.slots.endStage(run);
    const release = (): void => {
      for (const block of stage.held.splice(0)) block.release();
    };
    if (stage.announced === undefined) release();
    else void stage.announced.catch(() => {}).then(release);
  }

  launch(tasks: readonly LaunchTask[]): void {
    for (const task of tasks) this.#launch(task);
  }

  cancel(key: TaskKey): void {
    const attempt = this.#attempts.get(attemptName(key));
    if (attempt === undefined) return; // it has ended and was reported
    attempt.cancelled = true;
    if (attempt.state === "waiting" && this.#ports.slots.cancel(attempt)) this.#finish(attempt, { kind: "cancelled" });
    else if (attempt.state === "running") this.#ports.slots.cancel(attempt);
  }

  /** Nobody waits for its tasks any more. What they hold is released as they end; their slots are ended next. */
  close(): void {
    for (const attempt of [...this.#attempts.values()]) this.cancel(attempt.task);
    for (const run of [...this.#stages.keys()]) this.endStage(run);
  }

  onEnd(attempt: Attempt, end: AttemptEnd): void {
    if (end.kind === "lost") this.#finish(attempt, this.#lost(attempt, end.error));
    else this.#conclude(attempt, this.#outcome(attempt, end.outcome));
  }

  /** Reports an outcome, once second copies of its output exist, if required. */
  #conclude(attempt: Attempt, outcome: TaskOutcome): void {
    const writes = this.#stages.get(attempt.task.run)?.writes;
    const peer =
      outcome.kind === "mapOutput" && (writes?.level?.replication ?? 1) > 1
        ? this.#ports.replicator.anyPeer()
        : undefined;
    if (writes === undefined || outcome.kind !== "mapOutput" || peer === undefined)
      return this.#finish(attempt, outcome);
    attempt.state = "ended"; // it can no longer be cancelled
    const { partition, attempt: number } = attempt.task;
    const blocks = outcome.bytes.flatMap((bytes, reduce) =>
      bytes === 0 ? [] : [shuffleBlockId(writes.shuffle, partition, number, reduce)],
    );
    void this.#ports.replicator
      .copyTo(peer, blocks)
      .then((copied) => this.#finish(attempt, copied ? { ...outcome, replica: peer } : outcome));
  }

  #announce(message: StageMessage, held: PinnedBlock[]): Promise<void> | undefined {
    const { run, batch, templates, captures, partitions, limit } = message;
    const start = (broadcasts: readonly ResolvedBroadcast[]): void =>
      this.#ports.slots.startStage({
        ...{ run, batch, templates, captures, broadcasts, partitions },
        ...(limit === undefined ? {} : { limit }),
      });
    if (message.broadcasts.length === 0) {
      start([]);
      return undefined;
    }
    return this.#fetchBroadcasts(message, held).then((broadcasts) => {
      if (this.#stages.get(run)?.over === false) start(broadcasts);
    });
  }

  #fetchBroadcasts(message: StageMessage, held: PinnedBlock[]): Promise<ResolvedBroadcast[]> {
    return Promise.all(
      message.broadcasts.map(async (location) => {
        const block = await this.#ports.fetcher.holdAndKeep(location);
        held.push(block);
        return { id: location.id, source: { kind: "block", handles: [block.handle] } };
      }),
    );
  }

  #launch(task: LaunchTask): void {
    const attempt = newAttempt(task);
    const name = attemptName(task);
    if (this.#attempts.has(name)) return; // a repeat
    beforeStep("task");
    const stage = this.#stages.get(task.run);
    this.#attempts.set(name, attempt);
    if (stage === undefined) {
      this.#fail(
        attempt,
        stageUnknown(`task ${name} arrived without its stage. It is relaunched; this is a defect of the engine.`),
      );
    } else if (this.#attempts.size > ATTEMPTS_MAX) {
      this.#fail(
        attempt,
        tooManyTasks(`task ${name} exceeds the ${ATTEMPTS_MAX} an executor keeps. It is relaunched.`),
      );
    } else if (stage.announced === undefined && this.#resolveAtHand(attempt)) {
      this.#ports.slots.submit(attempt);
    } else {
      void this.#resolve(attempt, stage);
    }
  }

  /** True if all inputs are available without waiting. */
  #resolveAtHand(attempt: Attempt): boolean {
    for (const input of attempt.task.inputs) {
      const resolved = this.#availableInput(input, attempt.held);
      if (resolved === undefined) {
        attempt.inputs.length = 0;
        releaseHeld(attempt);
        return false;
      }
      attempt.inputs.push(resolved);
    }
    return true;
  }

  #availableInput(input: TaskInput, held: PinnedBlock[]): ResolvedInput | undefined {
    if (input.kind !== "blocks") return input;
    const handles: BlockHandle[] = [];
    for (const location of input.blocks) {
      const block = this.#ports.fetcher.available(location);
      if (block === undefined) return undefined;
      held.push(block);
      handles.push(block.handle);
    }
    return { kind: "block", handles };
  }

  async #resolve(attempt: Attempt, stage: Stage): Promise<void> {
    try {
      await stage.announced;
      const inputs = await settleAll(attempt.task.inputs.map((input) => this.#resolveInput(input, attempt.held)));
      attempt.inputs.push(...inputs);
    } catch (error) {
      if (attempt.cancelled) this.#finish(attempt, { kind: "cancelled" });
      else this.#fail(attempt, error);
      return;
    }
    if (attempt.cancelled || stage.over) this.#finish(attempt, { kind: "cancelled" });
    else this.#ports.slots.submit(attempt);
  }

  async #resolveInput(input: TaskInput, held: PinnedBlock[]): Promise<ResolvedInput> {
    if (input.kind !== "blocks") return input;
    const blocks = await settleAll(
      input.blocks.map(async (location) => {
        const block = await this.#ports.fetcher.hold(location);
        held.push(block);
        return block.handle;
      }),
    );
    return { kind: "block", handles: blocks };
  }

  #fail(attempt: Attempt, error: unknown): void {
    if (error instanceof FetchFailed) {
      const { block, holder, reason } = error;
      this.#finish(attempt, { kind: "fetchFailed", block, holder, error: toWireError(reason) });
    } else {
      this.#finish(attempt, { kind: "failed", error: toWireError(error) });
    }
  }

  #finish(attempt: Attempt, outcome: TaskOutcome): void {
    attempt.state = "ended";
    releaseHeld(attempt);
    afterStep("task");
    const { run, partition, attempt: number } = attempt.task;
    this.#attempts.delete(attemptName(attempt.task));
    if (this.#statuses.push({ task: { run, partition, attempt: number }, outcome }) > 1) return;
    queueMicrotask(() => {
      const statuses = this.#statuses;
      this.#statuses = [];
      this.#ports.send(statuses);
    });
  }

  #lost(attempt: Attempt, error: EngineError): TaskOutcome {
    return attempt.cancelled ? { kind: "cancelled" } : { kind: "failed", error: toWireError(error) };
  }

  #outcome(attempt: Attempt, outcome: SlotOutcome): TaskOutcome {
    if (outcome.kind === "failed") return this.#failure(attempt, outcome.error);
    if (outcome.kind === "cancelled") return outcome;
    const { task } = attempt;
    const stage = this.#stages.get(task.run);
    if (stage === undefined) {
      // The stage ended in the meantime: nothing would ever drop its output.
      this.#freeOutput(outcome);
      return { kind: "cancelled" };
    }
    try {
      return outcome.kind === "mapOutput" ? this.#keepMapOutput(task, stage, outcome) : this.#keepResult(task, outcome);
    } catch (error) {
      return { kind: "failed", error: toWireError(error) };
    }
  }

  /**
   * A block with a missing file is a lost block: its stage must run again, since a retry of the task alone would fail.
   */
  #failure(attempt: Attempt, error: WireError): TaskOutcome {
    const block = lostInput(attempt, error);
    if (block === undefined) return { kind: "failed", error };
    this.#ports.store.drop([block]);
    return { kind: "fetchFailed", block, holder: this.#ports.executor, error };
  }

  #keepMapOutput(task: LaunchTask, stage: Stage, outcome: SlotMapOutcome): MapOutcome {
    const { blocks, bytes, checksum, metrics, accumulators, state } = outcome;
    const shuffle = stage.writes?.shuffle;
    if (shuffle === undefined) {
      this.#freeOutput(outcome);
      throw stageUnknown(
        `task ${attemptName(task)} wrote map output for a stage that writes none. This is a defect of the engine.`,
      );
    }
    const keep = keepOf(stage.writes?.level);
    for (const [reduce, handle] of blocks.entries()) {
      if (handle === undefined) continue;
      this.#put(shuffleBlockId(shuffle, task.partition, task.attempt, reduce), handle, keep);
    }
    const copies = keep === "memoryAndDisk" ? this.#copies(blocks, bytes) : undefined;
    const more = { ...(copies === undefined ? {} : { copies }), ...(state === undefined ? {} : { state }) };
    return { kind: "mapOutput", bytes, ...more, checksum, metrics, accumulators };
  }

  /** Small blocks are sent with the status: fetching each would dominate the time of a small batch. */
  #copies(blocks: SlotMapOutcome["blocks"], bytes: readonly number[]): readonly Uint8Array[] | undefined {
    let sum = 0;
    for (const n of bytes) sum += n;
    if (sum > COPIES_BYTES_MAX) return undefined;
    return blocks.map((handle) =>
      handle === undefined
        ? new Uint8Array(0)
        : new Uint8Array(Buffer.concat([...readHandle(handle, this.#ports.pool)])),
    );
  }

  #keepResult(task: LaunchTask, outcome: SlotResultOutcome): ResultOutcome {
    const { result, ...rest } = outcome;
    if (result.kind !== "block") return { ...rest, result };
    const id = blockId(`result/${attemptName(task)}`);
    this.#put(id, result.handle);
    return { ...rest, result: { kind: "block", id, bytes: result.bytes } };
  }

  #put(id: BlockId, handle: BlockHandle, keep?: Keep): void {
    try {
      this.#ports.store.put(id, handle, keep);
    } catch (error) {
      freeSlices(handle, this.#ports.pool);
      throw error;
    }
  }

  #freeOutput(outcome: SlotMapOutcome | SlotResultOutcome): void {
    const handles =
      outcome.kind === "mapOutput"
        ? outcome.blocks
        : [outcome.result.kind === "block" ? outcome.result.handle : undefined];
    for (const handle of handles) if (handle !== undefined) freeSlices(handle, this.#ports.pool);
  }
}

/** Like `Promise.all`, but waits for all even if one fails: what the others pin must be known to be released. */
async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((each) => each.status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}
