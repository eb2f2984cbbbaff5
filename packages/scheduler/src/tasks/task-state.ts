import { assert, type BackoffRange, type EngineError, type ExecutorId, type Rng } from "@millrace/base";
import type {
  ActionPlan,
  BlockId,
  PlannedStage,
  PlannedTask,
  ShuffleId,
  StageRunId,
  StateVersion,
} from "@millrace/plan";
import { Queue } from "./queue.ts";
import type { HeldResult, PlanId, TaskEffect } from "./task-events.ts";

export interface TaskSettings {
  /** The epoch of the versions of state that this run of the job writes. */
  readonly epoch: number;
  /** `task.attempts.max`: failures of one task before its plan fails. */
  readonly attemptsMax: number;
  /** `task.retry.delay`: the pauses before a failed task is retried. */
  readonly retryDelay: BackoffRange;
  readonly rng: Rng;
}

/** Limits on consecutive losses, of a stage's inputs and of a task's executor, before the plan fails. */
export const STAGE_RERUNS_MAX = 4;
export const EXECUTOR_LOSSES_MAX = 4;
/** The limit on runs of a stage that yield other records than those already read, before the plan fails. */
export const DIFFERENCES_MAX = 3;

/**
 * The state of a task, one byte each in `Stage.status`.
 *
 *     idle ─stage ready─▶ queued ─slot free─▶ running ──succeeded───▶ done
 *      ▲                    │                   │                       │
 *      ├─ inputs lost, or ──┘                   │                       │
 *      │  no plan needs it ◀────────────────────┤ cancelled: the slot stays taken until the report
 *      │                     queued again ◀─────┤ fetchFailed, executorLost
 *      │  queued again ◀─retryDue─ paused ◀─────┤ failed
 *      └────────────────────────────────────────┴── its map output was lost ┘
 *
 * Besides `status`, a queued task is in one or more queues of the stage (`any`, `preferring`, `avoiding`, `unowned`) or of the
 * slot that owns its state (`Slot.pinned`), where entries of tasks that are no longer queued are skipped; a running task is
 * in `Slot.stage/task/attempt` and `Stage.slots`; an abandoned attempt is in its `Slot` and in `abandoned`.
 */
export const IDLE = 0;
export const QUEUED = 1;
export const RUNNING = 2;
export const DONE = 3;
export const PAUSED = 4;

/**
 * One stage, from the plan that brought it until it can no longer be needed: a result stage until its plan ends, one
 * that writes a shuffle until the shuffle is dropped.
 *
 *     dormant ─needed─▶ waiting ─inputs complete─▶ ready ─all tasks done─▶ dormant
 *        ▲                 ▲ └──inputs lost again────┘ │
 *        └───────── no plan needs it any more ─────────┘
 *
 * dormant: not in `active`; waiting: in `active`, `ready` false; ready: in `active`, `ready` true.
 */
export interface Stage {
  readonly planned: PlannedStage;
  /** From partition to index of its task; `undefined` if they are equal. All arrays below are by index. */
  readonly indices: ReadonlyMap<number, number> | undefined;
  /** `TaskScheduler.clock` when it was added: executors that joined later cannot hold the blocks it names. */
  readonly since: number;
  /** The plan that brought it; its accumulator updates go there. */
  readonly plan: PlanId;
  readonly order: number;
  active: boolean;
  ready: boolean;
  /** Tasks neither done nor running. */
  todo: number;
  running: number;
  /** Cancelled attempts that still hold a slot. */
  abandoned: number;
  readonly status: Uint8Array;
  /** Launches so far, per task: the number of the next attempt. */
  readonly attempts: Uint32Array;
  /** Failures in this run, per task. */
  readonly failures: Uint8Array;
  /** Consecutive losses of its executor, per task. */
  readonly losses: Uint8Array;
  /** 1 once a task's accumulator updates are counted. */
  readonly counted: Uint8Array;
  /** The slot of each running task. */
  readonly slots: (Slot | undefined)[];
  /** Per task, the version of state that its last success wrote. Empty if the stage updates none. */
  readonly states: (StateVersion | undefined)[];
  /** The executor on which a task last failed. */
  readonly failedOn: (ExecutorId | undefined)[];
  /** Consecutive losses of its inputs while it needed them. */
  reruns: number;
  /** True if a `launch` was given since the last `stageDone`. */
  announced: boolean;
  /** Scratch space of walks over stages. */
  mark: number;
  /** Queued tasks whose state partition has no owner yet. */
  readonly unowned: Queue<number>;
  /** Queued tasks that are not pinned and have not failed. */
  readonly any: Queue<number>;
  /** The same tasks by the executor that holds most of their input. */
  readonly preferring: Map<ExecutorId, Queue<number>>;
  /** Queued tasks that have failed, by the executor to avoid. */
  readonly avoiding: Map<ExecutorId, Queue<number>>;
  /** The results of a result stage, by partition. */
  readonly results: (HeldResult | undefined)[];
  /** The outputs of a stage that writes a shuffle. */
  readonly outputs: ShuffleOutputs | undefined;
}

/** The map outputs of one shuffle and their holders. */
export interface ShuffleOutputs {
  readonly shuffle: ShuffleId;
  readonly partitions: number;
  /** The number of map tasks without output. */
  missing: number;
  /** By map task. */
  readonly maps: (MapOutput | undefined)[];
  /** Bytes that each executor holds, by reduce partition. */
  readonly bytesAt: Map<ExecutorId, Float64Array>;
  /** By map task: the checksum of its latest output, even if that is lost. */
  readonly checksums: (number | undefined)[];
  /** Runs whose map tasks gave other records than had been read, since the last plan that needed it ended. */
  differences: number;
  /** This has happened in the current run. */
  differing: boolean;
  /** A plan that needed it has ended and given out its results. */
  given: boolean;
  /** `dropShuffles` named it: it is dropped as soon as no plan needs it and no attempt writes it. */
  dropped: boolean;
}

export interface MapOutput {
  executor: ExecutorId;
  /** The holder of a second copy. */
  replica: ExecutorId | undefined;
  readonly attempt: number;
  readonly bytes: readonly number[];
  /** By reduce partition, when small. */
  readonly copies: readonly Uint8Array[] | undefined;
}

/** A submitted plan. It ends with exactly one `planDone` or `planFailed`. */
export interface Plan {
  readonly id: PlanId;
  readonly action: ActionPlan;
  readonly result: Stage;
  readonly accumulators: Uint8Array[];
}

/** One task thread of an executor. It runs at most one attempt, from launch to report. */
export interface Slot {
  readonly executor: Executor;
  readonly index: number;
  /** The stage of the attempt that holds it; `undefined`: free. */
  stage: Stage | undefined;
  task: number;
  attempt: number;
  /** The attempt was cancelled. */
  abandoned: boolean;
  /** Queued tasks whose state partition is owned here. */
  readonly pinned: Queue<{ readonly stage: Stage; readonly task: number }>;
  /** The number of state partitions owned here. */
  owned: number;
}

/** joined ─executorReady─▶ ready ─executorLeaving─▶ leaving ─executorLost─▶ gone; any ─executorLost─▶ gone. */
export interface Executor {
  readonly id: ExecutorId;
  /** `TaskScheduler.clock` when it joined. */
  readonly since: number;
  readonly slots: readonly Slot[];
  /** Itself as the holder of a block, shared by all locations. */
  readonly at: readonly [ExecutorId];
  ready: boolean;
  /** It was told to end. */
  leaving: boolean;
  free: number;
  /** Scratch space of placement. */
  score: number;
}

/** The owning slot of each partition of one stateful operator. */
export interface OperatorState {
  readonly operator: string;
  readonly owners: (Slot | undefined)[];
}

/** The state of the task scheduler. Created by `taskScheduler`, changed only by `stepTasks`. */
export interface TaskScheduler {
  readonly settings: TaskSettings;
  /** The number of events so far. */
  clock: number;
  /** The number of walks over stages so far: the newest mark. */
  marks: number;
  stagesSeen: number;
  /** In the order in which they joined. */
  readonly executors: Map<ExecutorId, Executor>;
  /** The executors that take tasks: the ready ones that stay, or, while there are none, those that leave. */
  ready: readonly Executor[];
  /** In the order of submission: the first has the first claim on slots. */
  readonly plans: Map<PlanId, Plan>;
  readonly stages: Map<StageRunId, Stage>;
  /** The stages that write the live shuffles. */
  readonly shuffles: Map<ShuffleId, Stage>;
  /** Incomplete stages that a plan needs; older plans first, parents first. */
  readonly active: Stage[];
  /** Cancelled attempts that have not been reported, by `attemptKey`. */
  readonly abandoned: Map<string, Slot>;
  readonly operators: Map<string, OperatorState>;
  /** Attempts so far that might write state: the number of the next one's version. */
  stateAttempts: number;
  /** Holders that a received block was copied to later: plans made before do not name them. Until it is released. */
  readonly addedHolders: Map<BlockId, readonly ExecutorId[]>;
  /** Executors have joined since state was last rebalanced. */
  joined: boolean;
  /** NO_EXECUTORS was reported, and no executor has become ready since. */
  starved: boolean;
  /** Effects of the current step. */
  effects: TaskEffect[];
  /** Stages that failed in the current step: plans that need them fail at its end. */
  readonly failing: { readonly stage: Stage; readonly error: EngineError }[];
  /** In the current step, a plan has ended, or an attempt that delayed a drop. */
  sweepDue: boolean;
}

export function taskScheduler(settings: TaskSettings): TaskScheduler {
  assert(settings.attemptsMax >= 1 && settings.attemptsMax <= 255, "1 to 255 attempts of a task");
  return {
    settings,
    clock: 0,
    marks: 0,
    stagesSeen: 0,
    executors: new Map(),
    ready: [],
    plans: new Map(),
    stages: new Map(),
    shuffles: new Map(),
    active: [],
    abandoned: new Map(),
    operators: new Map(),
    stateAttempts: 0,
    addedHolders: new Map(),
    joined: false,
    starved: false,
    effects: [],
    failing: [],
    sweepDue: false,
  };
}

export const attemptKey = (run: StageRunId, partition: number, attempt: number): string =>
  `${run}/${partition}/${attempt}`;

/** @param order Its rank in scheduling: stages of older plans first, parents first. */
export function newStage(planned: PlannedStage, plan: PlanId, since: number, order: number): Stage {
  const tasks = planned.tasks.length;
  const writes = planned.writes;
  return {
    planned,
    indices: indicesOf(planned),
    plan,
    since,
    order,
    active: false,
    ready: false,
    todo: tasks,
    running: 0,
    abandoned: 0,
    status: new Uint8Array(tasks),
    attempts: new Uint32Array(tasks),
    failures: new Uint8Array(tasks),
    losses: new Uint8Array(tasks),
    counted: new Uint8Array(tasks),
    slots: new Array<Slot | undefined>(tasks).fill(undefined),
    states: planned.tasks.some(isUpdate) ? new Array<StateVersion | undefined>(tasks).fill(undefined) : [],
    failedOn: new Array<ExecutorId | undefined>(tasks).fill(undefined),
    reruns: 0,
    announced: false,
    mark: 0,
    any: new Queue(),
    unowned: new Queue(),
    preferring: new Map(),
    avoiding: new Map(),
    results: writes === undefined ? new Array<HeldResult | undefined>(tasks).fill(undefined) : [],
    outputs: writes && {
      shuffle: writes.shuffle,
      partitions: writes.partitions,
      missing: tasks,
      maps: new Array<MapOutput | undefined>(tasks).fill(undefined),
      bytesAt: new Map(),
      checksums: new Array<number | undefined>(tasks).fill(undefined),
      differences: 0,
      differing: false,
      given: false,
      dropped: false,
    },
  };
}

/** The task updates state, rather than only reading what another one has updated. */
export function isUpdate({ state }: PlannedTask): boolean {
  return state !== undefined && state.after === undefined;
}

/** Maps partitions to task indices where these differ: in an action on some partitions only, such as `take`. */
function indicesOf(planned: PlannedStage): ReadonlyMap<number, number> | undefined {
  const { tasks } = planned;
  for (let i = 1; i < tasks.length; i++) {
    const ascending = (tasks[i]?.partition ?? 0) > (tasks[i - 1]?.partition ?? 0);
    assert(ascending, `the tasks of stage ${planned.run} are not in ascending order of their partitions`);
  }
  if (tasks.every((task, i) => task.partition === i)) return undefined;
  assert(planned.writes === undefined, `stage ${planned.run} writes a shuffle from some of its partitions only`);
  return new Map(tasks.map((task, i) => [task.partition, i]));
}

/** The index of the task of `partition`, or -1. */
export function indexOf(stage: Stage, partition: number): number {
  if (stage.indices !== undefined) return stage.indices.get(partition) ?? -1;
  return partition >= 0 && partition < stage.status.length ? partition : -1;
}

/** True if the output of every task is available. */
export function isComplete(stage: Stage): boolean {
  return stage.todo === 0 && stage.running === 0;
}

export function newExecutor(id: ExecutorId, slots: number, since: number): Executor {
  assert(Number.isInteger(slots) && slots >= 1, `executor ${id} offers ${slots} slots`);
  const list: Slot[] = [];
  const executor: Executor = { id, since, slots: list, at: [id], ready: false, leaving: false, free: slots, score: 0 };
  for (let index = 0; index < slots; index++) {
    list.push({
      executor,
      index,
      stage: undefined,
      task: 0,
      attempt: 0,
      abandoned: false,
      pinned: new Queue(),
      owned: 0,
    });
  }
  return executor;
}
