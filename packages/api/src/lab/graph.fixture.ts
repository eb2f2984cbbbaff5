import { epochMs, ManualClock, millis, type Warning, type WarningOver } from "@millrace/base";
import { encodeBlock } from "@millrace/codec";
import { FileSystems } from "@millrace/files";
import {
  type ActionPlan,
  type BlockLocation,
  blockId,
  type FixedInput,
  type PlannedStage,
  renderPlan,
  type StateHeads,
  type UpdatedState,
  type WrittenFile,
} from "@millrace/plan";
import { InlineFunctions, JobRegistry } from "../function/job-registry.ts";
import { buildJob } from "../job/build-job.ts";
import { defineJob, type JobOptions } from "../job/define-job.ts";
import type { StreamingContext } from "../job/streaming-context.ts";
import type { ActionResult, EnginePort } from "../port/engine-port.ts";
import type { BatchOutcome, BatchRun, JobGraph } from "../port/graph-port.ts";
import { MemoryFiles } from "./memory-files.fixture.ts";

/** The answer of the fake cluster: the records of each task of a plan's last stage. */
export type Answer = (stage: PlannedStage) => readonly (readonly unknown[])[];

const nothing: Answer = (stage) => stage.tasks.map(() => []);

/** An engine that runs nothing and records every request. */
export class FakePort implements EnginePort {
  defaultParallelism = 2;
  readonly clock = new ManualClock(epochMs(0));
  readonly memory = new MemoryFiles();
  readonly files: FileSystems = new FileSystems({ systems: [this.memory], directory: "/home" });
  readonly plans: ActionPlan[] = [];
  readonly texts: string[] = [];
  /** The message of every warning so far. */
  readonly warnings: string[] = [];
  /** The latest warning of each subject whose condition still holds. */
  readonly standing = new Map<string, Warning>();
  readonly put: string[] = [];
  readonly dropped: string[] = [];
  readonly stops: boolean[] = [];
  readonly watched: boolean[] = [];
  answer: Answer = nothing;
  /** The files that the tasks of a last stage have saved. */
  written: (stage: PlannedStage) => readonly WrittenFile[] = () => [];
  /** Accumulator updates that the next plan returns. */
  accumulators: Uint8Array[] = [];
  /** Plans wait for it before they answer. */
  hold: Promise<void> | undefined;
  readonly registry = new JobRegistry({ inline: new InlineFunctions() });

  async run(plan: ActionPlan): Promise<ActionResult> {
    this.plans.push(plan);
    await this.hold;
    const last = plan.stages[plan.stages.length - 1];
    const rows = last === undefined ? [] : this.answer(last);
    const accumulators = this.accumulators.splice(0);
    const written = last === undefined ? [] : this.written(last);
    const partitions = written.length > 0 ? [] : rows.map((records) => encodeBlock(records, this.registry.classes));
    return { partitions, written, accumulators, states: plan.stages.flatMap(updatedIn) };
  }

  async putBlock(name: BlockLocation["id"], parts: readonly Uint8Array[]): Promise<BlockLocation> {
    this.put.push(name);
    return { id: name, bytes: parts.reduce((sum, part) => sum + part.length, 0), at: ["driver"] };
  }

  dropBlocks(blocks: readonly string[]): void {
    this.dropped.push(...blocks);
  }

  dropShuffles(shuffles: readonly number[]): void {
    this.dropped.push(...shuffles.map((shuffle) => `shuffle ${shuffle}`));
  }

  write(text: string): void {
    this.texts.push(text);
  }

  readonly warn = (warning: Warning): void => {
    this.warnings.push(warning.message);
    this.standing.set(warning.subject, warning);
  };

  readonly warningOver = ({ subject }: WarningOver): void => {
    this.standing.delete(subject);
  };

  watch(on: boolean): void {
    this.watched.push(on);
  }

  stop(graceful: boolean): void {
    this.stops.push(graceful);
  }

  /** The plans since the last call, as text. */
  takePlans(): string {
    return this.plans
      .splice(0)
      .map((plan) => renderPlan(plan))
      .join("\n---\n");
  }
}

type LabBatch = { readonly blocks?: readonly string[] } & Partial<Pick<BatchRun, "states">>;

/** Every task that updates state writes a version. */
function updatedIn({ tasks }: PlannedStage): readonly UpdatedState[] {
  return tasks.flatMap(({ state }): readonly UpdatedState[] => {
    if (state === undefined || state.after !== undefined) return [];
    const { operator, partition, batch } = state;
    return [{ operator, partition, version: { batch, attempt: 0, epoch: 0 } }];
  });
}

/** A job's graph on an engine that runs nothing. */
export class GraphLab {
  readonly port: FakePort;
  readonly graph: JobGraph;
  /** The state versions that the batches so far have committed. */
  readonly states = new Map<string, StateHeads>();

  private constructor(port: FakePort, graph: JobGraph) {
    this.port = port;
    this.graph = graph;
  }

  static async build(
    build: (ssc: StreamingContext, port: FakePort) => unknown,
    options: Partial<JobOptions> & { readonly port?: FakePort; readonly zeroTime?: number } = {},
  ): Promise<GraphLab> {
    const { port = new FakePort(), zeroTime = 0, ...job } = options;
    const graph = await GraphLab.declare(build, { port, ...job });
    await graph.startBatches(epochMs(zeroTime));
    return new GraphLab(port, graph);
  }

  /** A graph whose batches have not begun. */
  static declare(
    build: (ssc: StreamingContext, port: FakePort) => unknown,
    { port = new FakePort(), ...job }: Partial<JobOptions> & { readonly port?: FakePort } = {},
  ): Promise<JobGraph> {
    const definition = defineJob({ name: "test", batchInterval: "1s", ...job }, (ssc) => build(ssc, port));
    return buildJob(definition, { port, registry: port.registry, args: [], directory: "/checkpoint" });
  }

  /** Runs a batch and commits what succeeded; `blocks` of the first receiver by name. */
  async batch(time: number, options: LabBatch = {}): Promise<BatchOutcome> {
    const outcome = await this.run(time, options);
    if (outcome.error !== undefined && this.graph.conf["batch.failure"] === "stop") return outcome;
    for (const output of outcome.prepared.outputs) await this.graph.commitOutput(epochMs(time), output);
    for (const [name, heads] of outcome.prepared.states) this.states.set(name, heads);
    return outcome;
  }

  /** Runs a batch that is not committed. */
  async run(time: number, { blocks = [], ...rest }: LabBatch = {}): Promise<BatchOutcome> {
    this.port.clock.advance(millis(Math.max(0, time - this.port.clock.now())));
    const received = this.graph.receivers.map(({ stream, input }): [string, FixedInput] => {
      const held = stream === 0 ? blocks.map((name) => ({ ...received1(name), records: 1 })) : [];
      return [input, { kind: "received", blocks: held, records: held.length }];
    });
    const fixed = await this.graph.fixInput(epochMs(time));
    const inputs = new Map([...received, ...fixed.inputs]);
    const states = new Map(this.states);
    return this.graph.runBatch({ time: epochMs(time), inputs: structuredClone(inputs), states, ...rest });
  }

  /** Runs a batch that must succeed, and shows its plans. */
  async plansOf(time: number, options: Parameters<GraphLab["batch"]>[1] = {}): Promise<string> {
    const { error } = await this.batch(time, options);
    if (error !== undefined) throw error;
    return this.port.takePlans();
  }
}

function received1(name: string): BlockLocation {
  return { id: blockId(name), bytes: 10, at: ["driver"] };
}
