import { assert, type ExecutorId, epochMs, executorId, millis, type WireError } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import {
  type ActionPlan,
  blockId,
  type PlannedInput,
  type PlannedStage,
  type PlannedTask,
  shuffleId,
  stageRunId,
  type TaskKey,
  type TaskOutcome,
  type TaskTally,
} from "@millrace/plan";
import { checkTaskScheduler } from "./check-task-scheduler.ts";
import { planId, type TaskEffect, type TaskEvent } from "./task-events.ts";
import { stepTasks } from "./task-scheduler.ts";
import { type TaskScheduler, taskScheduler } from "./task-state.ts";

/** A stage in the notation `RUN[<READ,READ][>WRITE:PARTITIONS]xTASKS[~OPERATOR]`: `2<7x3~totals` has three stateful tasks. */
export function stageOf(text: string): PlannedStage {
  const match = /^(\d+)(?:<([\d,]+))?(?:>(\d+):(\d+))?x(\d+)(?:~(\w+))?$/.exec(text);
  assert(match !== null, `stage ${text} is not in the notation of the tests`);
  const [, run, reads, writes, partitions, tasks, operator] = match;
  const shuffles = (reads ?? "")
    .split(",")
    .filter(Boolean)
    .map((id) => shuffleId(Number(id)));
  const count = Number(tasks);
  return {
    run: stageRunId(Number(run)),
    name: `stage ${run}`,
    templates: [],
    captures: [],
    broadcasts: [],
    partitions: count,
    reads: shuffles,
    writes: writes === undefined ? undefined : { shuffle: shuffleId(Number(writes)), partitions: Number(partitions) },
    tasks: Array.from({ length: count }, (_, partition): PlannedTask => {
      const inputs = shuffles.map((shuffle): PlannedInput => ({ kind: "shuffle", shuffle, partition }));
      if (operator === undefined) return { partition, template: 0, inputs };
      const state = {
        operator,
        partition,
        partitions: count,
        head: undefined,
        first: true,
        oldest: epochMs(0),
        batch: epochMs(1_000),
        directory: locationFrom("/state"),
      };
      return { partition, template: 0, inputs, state };
    }),
  };
}

export const actionOf = (...stages: readonly (string | PlannedStage)[]): ActionPlan => ({
  batch: epochMs(1_000),
  stages: stages.map((stage) => (typeof stage === "string" ? stageOf(stage) : stage)),
});

/** A stage of one task per entry; each reads one block of the given size per holder list: `[["e1", "e2"], ["e2"]]`. */
export function blockStage(run: number, holders: readonly (readonly string[])[]): PlannedStage {
  return {
    ...stageOf(`${run}x${holders.length}`),
    tasks: holders.map((at, partition) => ({
      partition,
      template: 0,
      inputs: [
        { kind: "blocks", blocks: [{ id: blockId(`recv/0/${partition}`), bytes: 100, at: at.map(executorId) }] },
      ],
    })),
  };
}

/** A scheduler with text for commands and effects; invariants are checked after every event. */
export class Script {
  readonly state: TaskScheduler;
  /** All effects of the last command. */
  last: readonly TaskEffect[] = [];

  /** @param options `retryMs`: the first pause before a retry; none by default. */
  constructor(options: { readonly attemptsMax?: number; readonly retryMs?: number } = {}) {
    const { attemptsMax = 4, retryMs = 0 } = options;
    const retryDelay = { min: millis(retryMs), max: millis(retryMs * 4) };
    this.state = taskScheduler({ epoch: 1, attemptsMax, retryDelay, rng: { next: () => 0, int: () => 0 } });
  }

  /** Runs commands; returns the effects of the last. */
  after(...commands: readonly string[]): readonly string[] {
    let lines: readonly string[] = [];
    for (const command of commands) lines = this.step(...parseCommand(this.state, command));
    return lines;
  }

  submit(plan: number, ...stages: readonly (string | PlannedStage)[]): readonly string[] {
    return this.step({ type: "planSubmitted", plan: planId(plan), action: actionOf(...stages) });
  }

  step(...events: readonly TaskEvent[]): readonly string[] {
    this.last = events.flatMap((event) => {
      const effects = stepTasks(this.state, event);
      checkTaskScheduler(this.state);
      return effects;
    });
    return this.last.map(formatEffect);
  }

  /** The input blocks of each launch in the last effects, as `shuffle/7/0/0/1@e1`. */
  inputs(): readonly (readonly string[])[] {
    return this.last.flatMap((effect) => {
      if (effect.type !== "launch") return [];
      const blocks = effect.task.inputs.flatMap((input) => (input.kind === "blocks" ? input.blocks : []));
      return [blocks.map(({ id, at }) => `${id}@${at.join("+")}`)];
    });
  }

  failure(): string {
    const failed = this.last.find((effect) => effect.type === "planFailed");
    return failed?.type === "planFailed" ? failed.error.message : "no plan failed";
  }
}

function formatEffect(effect: TaskEffect): string {
  switch (effect.type) {
    case "launch":
      return `launch ${formatKey(effect.task)} on ${effect.executor}.${effect.task.slot}`;
    case "retryAfter":
      return `retry ${formatKey(effect.task)} after ${effect.delay} ms`;
    case "cancel":
      return `cancel ${formatKey(effect.task)} on ${effect.executor}`;
    case "stageDone":
      return `stageDone ${effect.run}`;
    case "planDone":
      return `planDone ${effect.plan} from ${effect.results.map(({ executor }) => executor).join(" ")}`.trimEnd();
    case "planFailed":
      return `planFailed ${effect.plan} ${effect.error.code}`;
    case "dropShuffles":
      return `dropShuffles ${effect.shuffles.join(",")} on ${effect.executor}`;
    case "warning":
      return `warning ${effect.code}`;
    case "warningOver":
      return `over ${effect.subject}`;
  }
}

const formatKey = ({ run, partition, attempt }: TaskKey): string => `${run}/${partition}#${attempt}`;

function parseKey(text: string | undefined): TaskKey {
  const match = /^(\d+)\/(\d+)#(\d+)$/.exec(text ?? "");
  assert(match !== null, `${text} names no attempt: want RUN/PARTITION#ATTEMPT`);
  return { run: stageRunId(Number(match[1])), partition: Number(match[2]), attempt: Number(match[3]) };
}

const userError = (message: string): WireError => ({ name: "TypeError", message });

/**
 * `join e1 2` (and ready), `hello e1 2`, `ready e1`, `leave e1`, `lost e1`, `submit 1 STAGE…`, `ok 1/0#0 e1 [SIZES [REPLICA]]`,
 * `differs 1/0#0 e1 CHECKSUM`,
 * `fail 1/0#0 e1 [MESSAGE]`, `due 1/0#0`, `never 1/0#0 e1`, `nofetch 1/0#0 e1 BLOCK HOLDER`, `cancelled 1/0#0 e1`, `cancel 1`, `over`, `drop 7,8`,
 * `added e1 BLOCK`, `released BLOCK`.
 */
function parseCommand(state: TaskScheduler, command: string): readonly TaskEvent[] {
  const [verb = "", first = "", second = "", ...rest] = command.split(" ");
  const named = (): ExecutorId => executorId(second);
  const reported = (outcome: TaskOutcome): TaskEvent => ({
    type: "taskReported",
    executor: named(),
    task: parseKey(first),
    outcome,
  });
  switch (verb) {
    case "join":
      return [
        { type: "executorJoined", executor: executorId(first), slots: Number(second) },
        { type: "executorReady", executor: executorId(first) },
      ];
    case "hello":
      return [{ type: "executorJoined", executor: executorId(first), slots: Number(second) }];
    case "ready":
      return [{ type: "executorReady", executor: executorId(first) }];
    case "leave":
      return [{ type: "executorLeaving", executor: executorId(first) }];
    case "lost":
      return [{ type: "executorLost", executor: executorId(first) }];
    case "submit":
      return [
        { type: "planSubmitted", plan: planId(Number(first)), action: actionOf(...[second, ...rest].filter(Boolean)) },
      ];
    case "ok":
      return [reported(success(state, parseKey(first), rest))];
    case "differs":
      return [reported(success(state, parseKey(first), [], Number(rest[0])))];
    case "fail":
      return [reported({ kind: "failed", error: userError(rest.join(" ")) })];
    case "never": {
      const kind = { code: "RECORD_NOT_ENCODABLE", blame: "user", retry: "never" } as const;
      const error = { ...userError("[RECORD_NOT_ENCODABLE] record[1] is a socket."), kind };
      return [reported({ kind: "failed", error })];
    }
    case "nofetch": {
      const [block = "", holder = ""] = rest;
      const at = holder === "driver" ? "driver" : executorId(holder);
      const error = { name: "Error", message: "connection refused" };
      return [reported({ kind: "fetchFailed", block: blockId(block), holder: at, error })];
    }
    case "cancelled":
      return [reported({ kind: "cancelled" })];
    case "due":
      return [{ type: "retryDue", task: parseKey(first) }];
    case "cancel":
      return [{ type: "cancelPlan", plan: planId(Number(first)), reason: "the test says so" }];
    case "added":
      return [{ type: "holderAdded", executor: executorId(first), blocks: [blockId(second)] }];
    case "released":
      return [{ type: "copiesReleased", blocks: [blockId(first)] }];
    case "over":
      return [{ type: "batchEnded" }];
    case "drop":
      return [{ type: "dropShuffles", shuffles: first.split(",").map((id) => shuffleId(Number(id))) }];
    default:
      throw new Error(`no command ${verb}`);
  }
}

/** Metrics of an attempt that counted nothing. */
export const NO_TALLY: TaskTally = {
  metrics: { runMs: 0, recordsIn: 0, recordsOut: 0, spilledBytes: 0 },
  accumulators: new Uint8Array(0),
};

/** Sizes default to 10 bytes per reduce partition. */
function success(state: TaskScheduler, task: TaskKey, [sizes, replica]: readonly string[], checksum = 0): TaskOutcome {
  const writes = state.stages.get(task.run)?.planned.writes;
  if (writes === undefined) {
    const block = Uint8Array.of(task.partition);
    return { kind: "result", result: { kind: "inline", block }, ...NO_TALLY };
  }
  const bytes = sizes?.split(",").map(Number) ?? new Array<number>(writes.partitions).fill(10);
  const copied = replica === undefined ? {} : { replica: executorId(replica) };
  return { kind: "mapOutput", bytes, checksum, ...copied, ...NO_TALLY };
}
