import { assert, type ExecutorId, executorId, millis, type Rng, SeededRng, type WireError } from "@millrace/base";
import {
  type ActionPlan,
  blockId,
  type LaunchTask,
  type PlannedInput,
  type PlannedStage,
  type ShuffleId,
  shuffleBlockId,
  shuffleId,
  type TaskKey,
  type TaskOutcome,
} from "@millrace/plan";
import { checkTaskScheduler } from "./check-task-scheduler.ts";
import { type PlanId, planId, type TaskEffect, type TaskEvent } from "./task-events.ts";
import { stepTasks } from "./task-scheduler.ts";
import { actionOf, NO_TALLY, stageOf } from "./task-script.fixture.ts";
import { type TaskScheduler, taskScheduler } from "./task-state.ts";

/** Chances per tick; those of `failTask` and `poisonTask` per attempt, of `lateMessage` per message. */
export interface Faults {
  readonly killExecutor: number;
  readonly failTask: number;
  readonly poisonTask: number;
  readonly loseBlock: number;
  readonly lateMessage: number;
  readonly cancelPlan: number;
  /** Per attempt: it computes something else than another one would. */
  readonly drawChance: number;
}

interface Attempt {
  readonly task: LaunchTask;
  readonly stage: PlannedStage;
  cancelled: boolean;
}

/** An executor process of the simulation: what runs on its slots, what it holds, what it has said and not been heard. */
interface Process {
  readonly id: ExecutorId;
  readonly slots: (Attempt | undefined)[];
  /** The content of each block it holds. */
  readonly blocks: Map<string, string>;
  readonly outbox: TaskEvent[];
}

/**
 * A cluster that does what the task scheduler says, badly. Every attempt computes a text that names everything it read, so
 * that a result tells whether each input went into it exactly once.
 */
export class TaskWorld {
  readonly state: TaskScheduler;
  readonly rng: Rng;
  readonly fired = new Map<string, number>();
  readonly outcomes = new Map<PlanId, { readonly results?: readonly string[]; readonly code?: string }>();
  readonly jobs = new Map<PlanId, ActionPlan>();
  readonly #faults: Faults;
  readonly #processes = new Map<ExecutorId, Process>();
  /** Words of dead processes that are still under way. */
  readonly #ghosts: TaskEvent[] = [];
  /** Failed attempts whose task waits for its retry. */
  readonly #pauses: TaskKey[] = [];
  readonly #live = new Map<ShuffleId, { readonly stage: PlannedStage; readonly plan: PlanId }>();
  readonly #results = new Map<string, string>();
  readonly #checksums = new Map<string, number>();
  #chances = 0;
  #nextPlan = 1;
  #nextRun = 1;
  #nextShuffle = 1;
  #nextExecutor = 1;

  constructor(seed: number, faults: Faults) {
    this.rng = new SeededRng(seed);
    const retryDelay = { min: millis(seed % 2), max: millis(2) }; // without a pause in every other run
    this.state = taskScheduler({ epoch: 1, attemptsMax: 4, retryDelay, rng: this.rng });
    this.#faults = faults;
  }

  /** Lets `plans` plans run under faults, then to their end without; drops everything. */
  run(plans: number): void {
    for (let tick = 0; this.#nextPlan <= plans || this.state.plans.size > 0; tick++) {
      assert(tick < 20_000, "the plans do not come to an end");
      if (this.#nextPlan <= plans && this.rng.next() < 0.2) this.#submit();
      this.#disturb(tick < 5_000);
      this.#work();
      this.#deliver();
      const due = this.#pauses.length > 0 && this.rng.next() < 0.3 ? this.#pauses.shift() : undefined;
      if (due !== undefined) this.#dispatch({ type: "retryDue", task: due });
    }
    this.#settle();
    this.#dispatch({ type: "dropShuffles", shuffles: [...this.#live.keys()] });
  }

  #fire(fault: keyof Faults, chance = this.#faults[fault]): boolean {
    if (this.rng.next() >= chance) return false;
    this.fired.set(fault, (this.fired.get(fault) ?? 0) + 1);
    return true;
  }

  #dispatch(event: TaskEvent): void {
    const effects = stepTasks(this.state, event);
    checkTaskScheduler(this.state);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: TaskEffect): void {
    switch (effect.type) {
      case "launch":
        this.#launch(effect.executor, effect.stage, effect.task);
        break;
      case "retryAfter":
        this.#pauses.push(effect.task);
        break;
      case "cancel": {
        const running = this.#processes.get(effect.executor)?.slots.find((slot) => same(slot?.task, effect.task));
        if (running) running.cancelled = true; // else its report is under way
        break;
      }
      case "planDone":
        this.#end(effect.plan, { results: effect.results.map(({ result }) => this.#read(result)) });
        break;
      case "planFailed":
        this.#end(effect.plan, { code: effect.error.code });
        break;
      case "dropShuffles":
        for (const id of this.#processes.get(effect.executor)?.blocks.keys() ?? []) {
          if (effect.shuffles.some((shuffle) => id.startsWith(`shuffle/${shuffle}/`))) {
            this.#processes.get(effect.executor)?.blocks.delete(id);
          }
        }
        break;
      case "stageDone":
        for (const { slots } of this.#processes.values()) {
          assert(!slots.some((slot) => slot?.task.run === effect.run), `stage ${effect.run} is done but runs`);
        }
        break;
      case "warning":
      case "warningOver":
        break;
    }
  }

  #read(result: { readonly kind: string; readonly id?: string }): string {
    const text = this.#results.get(result.id ?? "");
    assert(text !== undefined, "a result that nobody computed");
    return text;
  }

  #end(plan: PlanId, outcome: { readonly results?: readonly string[]; readonly code?: string }): void {
    assert(!this.outcomes.has(plan), `plan ${plan} ends twice`);
    this.outcomes.set(plan, outcome);
  }

  #launch(id: ExecutorId, stage: PlannedStage, task: LaunchTask): void {
    const process = this.#processes.get(id);
    assert(process !== undefined, `${task.run}/${task.partition} is launched on ${id}, which is not there`);
    assert(task.slot < process.slots.length, `${id} has no slot ${task.slot}`);
    // A slot that has reported is free, though the report may not have been heard; one that has not is taken.
    assert(process.slots[task.slot] === undefined, `slot ${task.slot} of ${id} is taken`);
    process.slots[task.slot] = { task, stage, cancelled: false };
  }

  #submit(): void {
    const plan = planId(this.#nextPlan++);
    const width = 1 + this.rng.int(5);
    const stages: PlannedStage[] = [];
    let reads = this.#someLiveShuffle();
    for (let depth = this.rng.int(3); depth > 0; depth--) {
      const shuffle = shuffleId(this.#nextShuffle++);
      const stage = stageOf(
        `${this.#nextRun++}${reads === undefined ? "" : `<${reads.id}`}>${shuffle}:${width}x${reads?.width ?? 1 + this.rng.int(6)}`,
      );
      stages.push(stage);
      this.#live.set(shuffle, { stage, plan });
      reads = { id: shuffle, width };
    }
    const state = this.rng.next() < 0.3 ? `~op${reads?.width ?? 3}` : "";
    stages.push(stageOf(`${this.#nextRun++}${reads === undefined ? "" : `<${reads.id}`}x${reads?.width ?? 3}${state}`));
    this.jobs.set(plan, actionOf(...stages));
    this.#dispatch({ type: "planSubmitted", plan, action: actionOf(...stages) });
  }

  #someLiveShuffle(): { readonly id: ShuffleId; readonly width: number } | undefined {
    const live = [...this.#live.values()];
    const writes = live[this.rng.int(live.length * 2 + 1)]?.stage.writes;
    return writes && { id: writes.shuffle, width: writes.partitions };
  }

  #disturb(faulty: boolean): void {
    if (this.#processes.size < 1 || (this.#processes.size < 4 && this.rng.next() < 0.1)) this.#join();
    if (!faulty) return;
    if (this.#fire("killExecutor")) this.#kill();
    if (this.#fire("loseBlock")) {
      const process = this.#pick([...this.#processes.values()]);
      const block = process && this.#pick([...process.blocks.keys()]);
      if (block !== undefined) process?.blocks.delete(block);
    }
    const plan = this.#pick([...this.state.plans.keys()]);
    if (plan !== undefined && this.#fire("cancelPlan")) {
      this.#dispatch({ type: "cancelPlan", plan, reason: "simulated" });
    }
    if (this.rng.next() < 0.02) this.#dropSome();
    if (this.rng.next() < 0.03) this.#dispatch({ type: "batchEnded" });
  }

  #dropSome(): void {
    const shuffle = this.#pick([...this.#live.keys()]);
    if (shuffle === undefined) return;
    this.#live.delete(shuffle);
    this.#dispatch({ type: "dropShuffles", shuffles: [shuffle] });
  }

  #join(): void {
    // Half of them come back under a name that was used before.
    const fresh = this.rng.next() < 0.5 || this.#nextExecutor === 1;
    const id = executorId(`e${fresh ? this.#nextExecutor++ : 1 + this.rng.int(this.#nextExecutor - 1)}`);
    const old = this.#processes.get(id);
    if (old !== undefined) this.#ghosts.push(...old.outbox);
    const slots = 1 + this.rng.int(3);
    this.#processes.set(id, {
      id,
      slots: new Array<Attempt | undefined>(slots).fill(undefined),
      blocks: new Map(),
      outbox: [],
    });
    this.#dispatch({ type: "executorJoined", executor: id, slots });
    this.#dispatch({ type: "executorReady", executor: id });
  }

  #kill(): void {
    const process = this.#pick([...this.#processes.values()]);
    if (process === undefined) return;
    this.#processes.delete(process.id);
    this.#ghosts.push(...process.outbox);
    this.#dispatch({ type: "executorLost", executor: process.id });
  }

  /** Some attempts get on: they end, and their reports wait to be heard. */
  #work(): void {
    for (const process of this.#processes.values()) {
      process.slots.forEach((attempt, slot) => {
        if (attempt === undefined || this.rng.next() < 0.5) return;
        process.slots[slot] = undefined;
        process.outbox.push(this.#finish(process, attempt));
      });
    }
  }

  #finish(process: Process, attempt: Attempt): TaskEvent {
    return { type: "taskReported", executor: process.id, task: attempt.task, outcome: this.#outcome(process, attempt) };
  }

  #outcome(process: Process, { task, stage, cancelled }: Attempt): TaskOutcome {
    if (cancelled && this.rng.next() < 0.7) return { kind: "cancelled" };
    if (this.#fire("failTask")) return { kind: "failed", error: error("same-task") };
    if (this.#fire("poisonTask")) return { kind: "failed", error: error("never") };
    const read: string[] = [];
    for (const input of task.inputs) {
      for (const { id, at } of input.kind === "blocks" ? input.blocks : []) {
        const holder = at[0];
        const text = holder && holder !== "driver" ? this.#processes.get(holder)?.blocks.get(id) : undefined;
        if (text === undefined || holder === undefined) {
          this.fired.set("fetch", (this.fired.get("fetch") ?? 0) + 1);
          return { kind: "fetchFailed", block: id, holder: holder ?? "driver", error: error("parent-stage") };
        }
        read.push(text);
      }
    }
    const chance = this.#fire("drawChance") ? `~${++this.#chances}` : "";
    const name = `${stage.name.slice(6)}/${task.partition}${chance}(${read.join(" ")})`;
    return this.#succeed(process, task, stage, name);
  }

  #succeed(process: Process, task: LaunchTask, stage: PlannedStage, text: string): TaskOutcome {
    if (stage.writes === undefined) {
      const id = `result/${task.run}/${task.partition}/${task.attempt}`;
      this.#results.set(id, text);
      return { kind: "result", result: { kind: "block", id: blockId(id), bytes: text.length }, ...NO_TALLY };
    }
    const bytes: number[] = [];
    for (let reduce = 0; reduce < stage.writes.partitions; reduce++) {
      process.blocks.set(shuffleBlockId(stage.writes.shuffle, task.partition, task.attempt, reduce), text);
      bytes.push(1 + ((task.partition + reduce) % 3));
    }
    const checksum = this.#checksums.get(text) ?? this.#checksums.size;
    this.#checksums.set(text, checksum);
    return { kind: "mapOutput", bytes, checksum, ...NO_TALLY };
  }

  /** Some of what was said is heard: in order for each process, and of the dead at any time. */
  #deliver(): void {
    for (const { outbox, id } of [...this.#processes.values()]) {
      while (outbox.length > 0 && this.rng.next() < 0.7) {
        const event = outbox.shift();
        if (event !== undefined && this.#processes.get(id)?.outbox === outbox) this.#dispatch(event);
      }
    }
    while (this.#ghosts.length > 0 && this.#fire("lateMessage")) {
      const [event] = this.#ghosts.splice(this.rng.int(this.#ghosts.length), 1);
      if (event !== undefined) this.#dispatch(event);
    }
  }

  /** Everything still said is heard, and everything cancelled ends. */
  #settle(): void {
    for (const process of this.#processes.values()) {
      process.slots.forEach((attempt, slot) => {
        if (attempt === undefined) return;
        assert(attempt.cancelled, `${attempt.task.run}/${attempt.task.partition} runs for no plan`);
        process.slots[slot] = undefined;
        process.outbox.push({
          type: "taskReported",
          executor: process.id,
          task: attempt.task,
          outcome: { kind: "cancelled" },
        });
      });
      for (const event of process.outbox.splice(0)) this.#dispatch(event);
    }
    for (const event of this.#ghosts.splice(0)) this.#dispatch(event);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.rng.int(items.length)];
  }

  /** The expected results of a plan: each task reads every map's block, recursively, in order. */
  expected(plan: PlanId): readonly string[] {
    const result = this.jobs.get(plan)?.stages.at(-1);
    return result?.tasks.map((task) => this.#expectedOf(result, task.partition)) ?? [];
  }

  readonly #written = new Map<ShuffleId, PlannedStage>();

  #expectedOf(stage: PlannedStage, partition: number): string {
    const inputs = stage.tasks[partition]?.inputs ?? [];
    const read = inputs.flatMap((input: PlannedInput) => {
      if (input.kind !== "shuffle") return [];
      const producer = this.#producer(input.shuffle);
      return producer.tasks.map((task) => this.#expectedOf(producer, task.partition));
    });
    return `${stage.name.slice(6)}/${partition}(${read.join(" ")})`;
  }

  #producer(shuffle: ShuffleId): PlannedStage {
    if (this.#written.size === 0) {
      for (const { stages } of this.jobs.values()) {
        for (const stage of stages) if (stage.writes) this.#written.set(stage.writes.shuffle, stage);
      }
    }
    const stage = this.#written.get(shuffle);
    assert(stage !== undefined, `shuffle ${shuffle} was written by nobody`);
    return stage;
  }
}

function same(a: LaunchTask | undefined, b: { run: number; partition: number; attempt: number }): boolean {
  return a?.run === b.run && a.partition === b.partition && a.attempt === b.attempt;
}

function error(retry: "never" | "same-task" | "parent-stage"): WireError {
  return { name: "EngineError", message: "[SIMULATED] a fault.", kind: { code: "SIMULATED", blame: "engine", retry } };
}
