import { assert, type EpochMs } from "@millrace/base";
import type { FunctionRef } from "./function-ref.ts";
import {
  type BlockLocation,
  type JobPlan,
  type OutputRef,
  type PlannedInput,
  type PlannedStage,
  type PlannedTask,
  type ShuffleId,
  type ShuffleWrite,
  type StateRef,
  shuffleId,
  stageRunId,
} from "./job-plan.ts";
import { Layout } from "./layout.ts";
import type { Combine, Lineage, MergeNode, ShuffleDependency, ShuffledNode, StateNode } from "./lineage.ts";
import { type Base, type Chain, chainsOf, StageDraft } from "./stage-draft.ts";
import type { Aggregate, Feed, Partitioner, Pipeline, Sink, Source, StageTemplate } from "./template.ts";
import { TemplateCache } from "./template-cache.ts";

/** What an action does with the records of its RDD. */
export type ActionSink =
  | { readonly kind: "collect"; readonly limit?: number }
  | { readonly kind: "count" }
  | { readonly kind: "reduce" | "foreach" | "foreachPartition"; readonly fn: FunctionRef; readonly label: string }
  | { readonly kind: "saveText"; readonly output: (partition: number) => OutputRef };

export interface PlanRequest {
  readonly target: Lineage;
  readonly sink: ActionSink;
  readonly batch: EpochMs;
  /** Only these partitions of the target, ascending; all by default. */
  readonly partitions?: readonly number[];
  /** Shuffles whose output an earlier plan has written and that still stands: their stages are left out. */
  readonly written: ReadonlySet<ShuffleId>;
}

export type WrittenShuffle = ShuffleDependency & { readonly id: ShuffleId };

/** A plan, and what is true once it has succeeded. */
export interface PlannedAction {
  /** Without stages when no task is needed: the target has no records for sure. */
  readonly plan: JobPlan;
  /** The shuffles that its stages write, with their ids. */
  readonly writes: readonly WrittenShuffle[];
  /** Stateful operators of which every partition is brought up to this batch. */
  readonly states: readonly StateNode[];
  /** Broadcast variables that have yet to be put where executors find them; stages name them once this is done. */
  readonly ready: readonly Promise<void>[];
}

/** The captured values of one template's functions, ready to ship. */
export interface EncodedCaptures {
  readonly bytes: Uint8Array;
  readonly broadcasts: readonly (BlockLocation | Promise<BlockLocation>)[];
}

export interface PlannerOptions {
  /** Called only for functions of which one at least captures something. */
  readonly encodeCaptures: (functions: readonly FunctionRef[]) => EncodedCaptures;
  /** The setting `default.parallelism`; 0 when it is not set. */
  readonly defaultPartitions: number;
}

const NO_CAPTURES = new Uint8Array(0);
const NO_BLOCKS: PlannedInput = { kind: "blocks", blocks: [] };

/** Turns actions on lineage into stages, tasks and templates. One per run of a job: it gives the ids. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #templates = new TemplateCache();
  #nextShuffle = 0;
  #nextRun = 0;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /** How the partitions of an RDD lie; its sources must be resolved. */
  layout(): Layout {
    return new Layout(this.#options.defaultPartitions);
  }

  /**
   * Plans one action. Every source below the target must be resolved.
   *
   * Cost: one visit per node of lineage that is not behind a written shuffle; tens of microseconds for a small job.
   */
  plan(request: PlanRequest): PlannedAction {
    const run = new PlanRun(request, this.layout(), {
      options: this.#options,
      templates: this.#templates,
      nextRun: () => this.#nextRun++,
      nextShuffle: () => shuffleId(this.#nextShuffle++),
    });
    return run.plan();
  }
}

interface PlannerParts {
  readonly options: PlannerOptions;
  readonly templates: TemplateCache;
  readonly nextRun: () => number;
  readonly nextShuffle: () => ShuffleId;
}

interface StageEnd {
  readonly sink: (draft: StageDraft) => Sink;
  readonly writes: ShuffleWrite | undefined;
  readonly label: string | undefined;
  readonly partitions: readonly number[] | undefined;
  readonly output: ((partition: number) => OutputRef) | undefined;
}

/** The planning of one action. */
class PlanRun {
  readonly #request: PlanRequest;
  readonly #layout: Layout;
  readonly #parts: PlannerParts;
  readonly #stages: PlannedStage[] = [];
  readonly #writes = new Map<ShuffleId, WrittenShuffle>();
  readonly #states = new Set<StateNode>();
  readonly #ready: Promise<void>[] = [];

  constructor(request: PlanRequest, layout: Layout, parts: PlannerParts) {
    this.#request = request;
    this.#layout = layout;
    this.#parts = parts;
  }

  plan(): PlannedAction {
    const { target, sink, batch, partitions } = this.#request;
    const callsForEmpty = sink.kind === "foreachPartition" || sink.kind === "saveText";
    if (this.#layout.partitions(target) > 0 && (callsForEmpty || !this.#layout.isEmpty(target))) {
      this.#stage(target, {
        sink: (draft) => actionSink(sink, draft),
        writes: undefined,
        label: undefined,
        partitions,
        output: sink.kind === "saveText" ? sink.output : undefined,
      });
    }
    return {
      plan: { batch, stages: this.#stages },
      writes: [...this.#writes.values()],
      states: [...this.#states],
      ready: this.#ready,
    };
  }

  /** Plans the stages that a stage needs, then the stage itself. */
  #stage(target: Lineage, end: StageEnd): void {
    const templates: StageTemplate[] = [];
    const captures: Uint8Array[] = [];
    const broadcasts: BlockLocation[] = [];
    const tasks: PlannedTask[] = [];
    const reads = new Set<ShuffleId>();
    const labels: string[] = [];
    for (const chain of chainsOf(target, this.#layout)) {
      const chosen = chosenPartitions(chain, end.partitions);
      if (chosen.length === 0) continue;
      const draft = new StageDraft();
      const pipeline = this.#pipeline(chain, 0, draft, reads);
      if (end.label !== undefined) draft.label(end.label);
      const template = this.#parts.templates.intern(pipeline, end.sink(draft), draft.functions);
      const encoded = this.#captures(draft.functions, broadcasts);
      // Members of a union that do the same thing with the same captures share a template.
      let index = templates.findIndex((known, i) => known.id === template.id && captures[i] === encoded);
      if (index < 0) {
        index = templates.push(template) - 1;
        captures.push(encoded);
      }
      for (const partition of chosen) tasks.push(this.#task(draft, partition, partition - chain.start, index, end));
      for (const label of draft.labels) if (!labels.includes(label)) labels.push(label);
      if (draft.state !== undefined && chosen.length === chain.partitions) this.#states.add(draft.state);
    }
    this.#stages.push({
      run: stageRunId(this.#parts.nextRun()),
      name: labels.join(", "),
      templates,
      captures,
      broadcasts,
      tasks,
      reads: [...reads],
      writes: end.writes,
    });
  }

  #task(draft: StageDraft, partition: number, local: number, template: number, end: StageEnd): PlannedTask {
    const inputs = draft.inputs.map((of) => of(local));
    if (draft.state === undefined && end.output === undefined) return { partition, template, inputs };
    return {
      partition,
      template,
      inputs,
      ...(draft.state === undefined ? {} : { state: this.#stateRef(draft.state, local) }),
      ...(end.output === undefined ? {} : { output: end.output(partition) }),
    };
  }

  #stateRef(node: StateNode, partition: number): StateRef {
    const { operator, directory } = node;
    return { operator, directory, partition, partitions: this.#layout.partitions(node), ...node.versions };
  }

  #captures(functions: readonly FunctionRef[], broadcasts: BlockLocation[]): Uint8Array {
    if (functions.every((fn) => fn.captures === undefined)) return NO_CAPTURES;
    const encoded = this.#parts.options.encodeCaptures(functions);
    for (const block of encoded.broadcasts) {
      if (block instanceof Promise) this.#ready.push(block.then((location) => addBlock(broadcasts, location)));
      else addBlock(broadcasts, block);
    }
    return encoded.bytes;
  }

  #pipeline(chain: Chain, shift: number, draft: StageDraft, reads: Set<ShuffleId>): Pipeline {
    const source = this.#source(chain.base, shift + chain.start, draft, reads);
    return { source, ops: chain.ops.map(({ op, shift: own }) => draft.op({ op, shift: own + shift })) };
  }

  #source(base: Base, shift: number, draft: StageDraft, reads: Set<ShuffleId>): Source {
    draft.label(base.label);
    switch (base.kind) {
      case "source": {
        const { inputs } = base;
        assert(inputs !== undefined, `the partitions of ${base.label} are not known yet`);
        return { kind: base.format, input: draft.input((i) => inputs[i] ?? NO_BLOCKS) };
      }
      case "shuffled":
        return {
          kind: "shuffle",
          input: this.#shuffleInput(base.dependency, base, draft, reads),
          aggregate: aggregateOf(base, draft),
        };
      case "merge":
        return this.#merge(base, shift, draft, reads);
      case "state":
        return this.#state(base, shift, draft, reads);
    }
  }

  #merge(node: MergeNode, shift: number, draft: StageDraft, reads: Set<ShuffleId>): Source {
    const inPlace = this.#layout.inPlace(node);
    const feeds = node.parents.map((parent, i) =>
      this.#feed(parent, node, inPlace[i] === true, { shift, draft, reads }),
    );
    if (node.how === "cogroup") return { kind: "cogroup", feeds };
    const [left, right] = feeds;
    assert(left !== undefined && right !== undefined, `${node.label} joins two parents`);
    return { kind: "join", how: node.how, feeds: [left, right] };
  }

  #state(node: StateNode, shift: number, draft: StageDraft, reads: Set<ShuffleId>): Source {
    assert(draft.state === undefined, `a task of ${node.label} has the state of another operator already`);
    const inPlace = this.#layout.inPlace(node);
    const at = { shift, draft, reads };
    const feed = this.#feed(node.feed, node, inPlace[0] === true, at);
    const initial = node.initial && this.#feed(node.initial, node, inPlace[1] === true, at);
    draft.state = node;
    return {
      kind: "state",
      feed,
      ...(initial === undefined ? {} : { initial }),
      update: draft.slot(node.update),
      onlyUpdated: node.onlyUpdated,
      label: node.label,
    };
  }

  #feed(
    dependency: ShuffleDependency,
    node: MergeNode | StateNode,
    inPlace: boolean,
    at: { readonly shift: number; readonly draft: StageDraft; readonly reads: Set<ShuffleId> },
  ): Feed {
    if (!inPlace) return { kind: "shuffle", input: this.#shuffleInput(dependency, node, at.draft, at.reads) };
    const [chain, more] = chainsOf(dependency.parent, this.#layout);
    assert(chain !== undefined && more === undefined, `a parent of ${node.label} that is partitioned is not a union`);
    return { kind: "pipeline", pipeline: this.#pipeline(chain, at.shift, at.draft, at.reads) };
  }

  /** The number of the input that reads a shuffle; plans the stage that writes it unless that is done or not needed. */
  #shuffleInput(
    dependency: ShuffleDependency,
    node: ShuffledNode | MergeNode | StateNode,
    draft: StageDraft,
    reads: Set<ShuffleId>,
  ): number {
    if (this.#layout.isEmpty(dependency.parent)) return draft.input(() => NO_BLOCKS);
    dependency.id ??= this.#parts.nextShuffle();
    const shuffle = dependency.id;
    reads.add(shuffle);
    if (!this.#request.written.has(shuffle) && !this.#writes.has(shuffle)) {
      this.#writes.set(shuffle, dependency as WrittenShuffle); // its id was given above
      const placement = this.#layout.placement(node);
      const combine =
        node.kind === "shuffled" && node.use.kind === "combine" && node.use.mapSide ? node.use : undefined;
      this.#stage(dependency.parent, {
        sink: (map) => ({ ...shuffleSink(placement, combine, map), label: node.label }),
        writes: { shuffle, partitions: placement.partitions },
        label: node.label,
        partitions: undefined,
        output: undefined,
      });
    }
    return draft.input((partition) => ({ kind: "shuffle", shuffle, partition }));
  }
}

function chosenPartitions(chain: Chain, wanted: readonly number[] | undefined): readonly number[] {
  const end = chain.start + chain.partitions;
  if (wanted !== undefined) return wanted.filter((partition) => partition >= chain.start && partition < end);
  return Array.from({ length: chain.partitions }, (_, i) => chain.start + i);
}

function addBlock(blocks: BlockLocation[], block: BlockLocation): void {
  if (!blocks.some((known) => known.id === block.id)) blocks.push(block);
}

function aggregateOf(node: ShuffledNode, draft: StageDraft): Aggregate {
  const { use } = node;
  if (use.kind !== "combine") return use;
  return { kind: "combine", mapSide: use.mapSide, ...combineSlots(use, draft), label: node.label };
}

function combineSlots(combine: Combine, draft: StageDraft) {
  return {
    create: combine.create && draft.slot(combine.create),
    mergeValue: draft.slot(combine.mergeValue),
    mergeCombiners: draft.slot(combine.mergeCombiners),
  };
}

function shuffleSink(
  placement: ReturnType<Layout["placement"]>,
  combine: Combine | undefined,
  draft: StageDraft,
): Sink {
  const partitioner: Partitioner =
    placement.kind === "custom"
      ? { kind: "custom", partitions: placement.partitions, fn: draft.slot(placement.fn) }
      : { kind: placement.kind, partitions: placement.partitions };
  return { kind: "shuffle", partitioner, ...(combine === undefined ? {} : { combine: combineSlots(combine, draft) }) };
}

function actionSink(sink: ActionSink, draft: StageDraft): Sink {
  switch (sink.kind) {
    case "collect":
      return sink.limit === undefined ? { kind: "collect" } : { kind: "collect", limit: sink.limit };
    case "count":
      return { kind: "count" };
    case "reduce":
    case "foreach":
    case "foreachPartition":
      draft.label(sink.label);
      return { kind: sink.kind, fn: draft.slot(sink.fn), label: sink.label };
    case "saveText":
      return { kind: "saveText" };
  }
}
