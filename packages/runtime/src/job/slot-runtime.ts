import type { Broadcast } from "@millrace/api";
import { type AccumulatorUpdate, enterTask, executorBroadcast, leaveTask, TaskScope } from "@millrace/api/engine";
import { assert, EngineError, naming, toWireError } from "@millrace/base";
import { encodeValue } from "@millrace/codec";
import { fileChanged } from "@millrace/files";
import type { AnyFunction } from "@millrace/operators";
import type { StageRunId, StageTemplate, TemplateId } from "@millrace/plan";
import { readHandle } from "@millrace/storage";
import { compileTemplate } from "../compile/program.ts";
import type { StageProgram } from "../compile/stage-program.ts";
import type { SlotPorts } from "../ports.ts";
import { StateStore } from "../state/state-store.ts";
import { StoredTable } from "../state/stored-table.ts";
import { TableBudget } from "../table/table-budget.ts";
import type { ResolvedInput, SlotOutcome, SlotTask, StageStart } from "../task.ts";
import type { FunctionTable } from "./function-table.ts";
import { IdleTime } from "./idle-time.ts";
import { TaskCancelled, TaskControl } from "./task-control.ts";
import type { TaskEnvironment } from "./task-environment.ts";
import { TaskRun } from "./task-run.ts";
import { openSink, type TaskSink } from "./task-sink.ts";

const NOTHING_ADDED = new Uint8Array(0);

interface RunningStage {
  readonly start: StageStart;
  /** By template of the stage: its functions with this run's captures, once they are needed. */
  readonly functions: (readonly AnyFunction[] | undefined)[];
}

/**
 * A slot without its thread: compiled templates, the functions of running stages, and state. Runs one task at a time.
 */
export class SlotRuntime {
  readonly #ports: SlotPorts;
  readonly #functions: FunctionTable;
  readonly #states: StateStore;
  readonly #control: TaskControl;
  readonly #templates = new Map<TemplateId, StageTemplate>();
  readonly #programs = new Map<TemplateId, StageProgram>();
  readonly #stages = new Map<StageRunId, RunningStage>();
  /** Decoded once per thread. */
  readonly #broadcasts = new Map<string, Broadcast<unknown>>();
  readonly #idle: IdleTime;
  #busy = false;

  constructor(ports: SlotPorts, functions: FunctionTable) {
    this.#ports = ports;
    this.#idle = new IdleTime(ports.clock);
    this.#functions = functions;
    const { classes } = functions;
    const { newStateStore } = ports;
    this.#states = new StateStore({
      files: ports.files,
      classes,
      newTable: newStateStore && (({ timed }) => new StoredTable(newStateStore(), { classes, timed })),
      snapshotDeltas: ports.snapshotDeltas,
      sync: ports.checkpointSync,
      onKeys: ports.stateKeys,
      onTrouble: ports.onTrouble,
      idle: () => this.#idle.wait(),
    });
    this.#control = new TaskControl(ports.cancellation, () => this.#states.reportKeys());
  }

  /** Keeps a template until it is dropped. It is compiled for its first task. */
  loadTemplate(template: StageTemplate): void {
    if (!this.#templates.has(template.id)) this.#templates.set(template.id, template);
  }

  /** Drops templates that no running stage uses, except by the running task, which keeps what it needs. */
  dropTemplates(ids: readonly TemplateId[]): void {
    for (const id of ids) {
      this.#templates.delete(id);
      this.#programs.delete(id);
    }
  }

  startStage(start: StageStart): void {
    this.#stages.set(start.run, { start, functions: [] });
  }

  endStage(run: StageRunId): void {
    this.#stages.delete(run);
  }

  dropBroadcasts(ids: readonly string[]): void {
    for (const id of ids) this.#broadcasts.delete(id);
  }

  /** Releases what the slot holds outside its thread's memory. */
  close(): void {
    this.#states.close();
  }

  /** Runs a task. Never rejects: failures are outcomes. */
  async runTask(task: SlotTask): Promise<SlotOutcome> {
    assert(!this.#busy, "a slot was given a task while it was running one");
    this.#busy = true;
    this.#idle.begin();
    try {
      return await this.#run(task);
    } catch (error) {
      if (error instanceof TaskCancelled || this.#ports.cancellation.cancelled()) return { kind: "cancelled" };
      return { kind: "failed", error: toWireError(error) };
    } finally {
      this.#busy = false;
      this.#idle.end();
    }
  }

  async #run(task: SlotTask): Promise<SlotOutcome> {
    const started = this.#ports.clock.monotonicMs();
    const stage = this.#stages.get(task.run);
    assert(stage !== undefined, `stage ${task.run} was not announced to this slot`);
    const program = this.#program(stage, task.template);
    const scope = new TaskScope({
      stageId: task.run,
      partitionId: task.partition,
      numPartitions: stage.start.partitions,
      attemptNumber: task.attempt,
      batchTime: stage.start.batch,
      interrupted: () => this.#ports.cancellation.cancelled(),
    });
    enterTask(scope);
    try {
      return await this.#compute(task, stage, program, scope, started);
    } catch (error) {
      scope.fail(error);
      throw error;
    } finally {
      leaveTask();
    }
  }

  async #compute(
    task: SlotTask,
    stage: RunningStage,
    program: StageProgram,
    scope: TaskScope,
    started: number,
  ): Promise<SlotOutcome> {
    const env: TaskEnvironment = {
      ports: this.#ports,
      classes: this.#functions.classes,
      states: this.#states,
      functions: this.#functionsOf(stage, task.template, program),
      control: this.#control,
      batch: stage.start.batch,
      limit: stage.start.limit,
      task,
      budget: new TableBudget(Math.floor(this.#ports.spillBytes / Math.max(1, program.tables)), this.#ports.heapUse),
    };
    const run = new TaskRun(env);
    let sink: TaskSink | undefined;
    let outcome: SlotOutcome | undefined;
    try {
      sink = openSink(program, run, env);
      await run.run(program.pipeline, sink.state);
      await run.verifyFiles();
      const finished = await sink.finish();
      scope.complete();
      const updates = scope.updates();
      outcome = {
        ...finished.outcome,
        metrics: {
          runMs: this.#ports.clock.monotonicMs() - started,
          recordsIn: run.recordsIn,
          recordsOut: finished.recordsOut,
          spilledBytes: run.spilledBytes + finished.spilledBytes,
        },
        accumulators: updates.length === 0 ? NOTHING_ADDED : this.#encoded(scope, updates),
        ...(run.wroteState === undefined ? {} : { state: run.wroteState }),
      };
      return outcome;
    } catch (error) {
      // Data read from a file while it was rewritten can fail anywhere, even in the author's code.
      if (!(error instanceof TaskCancelled || isFileChanged(error))) await run.verifyFiles(error);
      throw error;
    } finally {
      run.close();
      if (outcome === undefined) sink?.discard();
    }
  }

  /** @throws RECORD_NOT_ENCODABLE Names the accumulator. */
  #encoded(scope: TaskScope, updates: readonly AccumulatorUpdate[]): Uint8Array {
    const { classes } = this.#functions;
    try {
      return encodeValue(updates, classes);
    } catch (error) {
      for (const [id, , share] of updates) naming(scope.titleOf(id), () => encodeValue(share, classes));
      throw error;
    }
  }

  #program(stage: RunningStage, index: number): StageProgram {
    const id = stage.start.templates[index];
    assert(id !== undefined, `stage ${stage.start.run} has no template ${index}`);
    let program = this.#programs.get(id);
    if (program === undefined) {
      const template = this.#templates.get(id);
      assert(template !== undefined, `template ${id} was not sent to this slot`);
      program = compileTemplate(template);
      this.#programs.set(id, program);
    }
    return program;
  }

  #functionsOf(stage: RunningStage, index: number, program: StageProgram): readonly AnyFunction[] {
    const known = stage.functions[index];
    if (known !== undefined) return known;
    const captures = stage.start.captures[index] ?? NOTHING_ADDED;
    const functions = this.#functions.resolveAll(program.template, captures, (name) => this.#broadcast(stage, name));
    stage.functions[index] = functions;
    return functions;
  }

  /** The variable of a block, which is read when the value is first used, while the block is pinned for its stage. */
  #broadcast(stage: RunningStage, name: string): Broadcast<unknown> {
    const known = this.#broadcasts.get(name);
    if (known !== undefined) return known;
    const broadcast = executorBroadcast(name, () => this.#loadBroadcast(name));
    this.#broadcasts.set(name, broadcast);
    assert(
      stage.start.broadcasts.some((given) => given.id === name),
      `stage ${stage.start.run} came without ${name}`,
    );
    return broadcast;
  }

  #loadBroadcast(name: string): unknown {
    for (const { start } of this.#stages.values()) {
      const given = start.broadcasts.find((broadcast) => broadcast.id === name);
      if (given === undefined) continue;
      const [values = []] = this.#functions.decode(this.#wholeBlock(given.source), (inner) => this.#nested(inner));
      return values[0];
    }
    return assert(false, `the block of ${name} is not available here`);
  }

  #nested(name: string): Broadcast<unknown> {
    const known = this.#broadcasts.get(name);
    assert(known !== undefined, `a broadcast variable refers to ${name}, which is not available here`);
    return known;
  }

  #wholeBlock(source: ResolvedInput): Uint8Array {
    if (source.kind === "inline") return source.block;
    assert(source.kind === "block", "a broadcast variable cannot be a file");
    const pieces = source.handles.flatMap((handle) => [...readHandle(handle, this.#ports.pool)]);
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }
}

function isFileChanged(error: unknown): boolean {
  return error instanceof EngineError && error.code === fileChanged.code;
}
