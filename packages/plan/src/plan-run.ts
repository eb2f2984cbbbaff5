import { assert, unreachable } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import {
  type BlockLocation,
  type OutputRef,
  type PlannedInput,
  type PlannedStage,
  type PlannedTask,
  type ShuffleId,
  type ShuffleWrite,
  stageRunId,
} from "./action-plan.ts";
import { type Base, type Chain, type ChainedOp, chainsOf, type Gathered } from "./chain.ts";
import type { Layout } from "./layout.ts";
import type { Lineage, MergeNode, PersistedNode, ShuffleDependency, ShuffledNode, StateNode } from "./lineage.ts";
import type { PlannedAction, PlannerOptions, PlanRequest, WrittenShuffle } from "./plan-request.ts";
import { plannedState } from "./planned-state.ts";
import type { BlockLevel } from "./receiver-plan.ts";
import { StageDraft } from "./stage-draft.ts";
import { actionSink, aggregateOf, shuffleSink } from "./stage-ends.ts";
import type { Feed, Op, Pipeline, Source, StageSink, StageTemplate, StateUpdate } from "./template.ts";
import type { TemplateCache } from "./template-cache.ts";

const NO_CAPTURES = new Uint8Array(0);
const NO_BLOCKS: PlannedInput = { kind: "blocks", blocks: [] };

export interface PlannerParts {
  readonly options: PlannerOptions;
  readonly templates: TemplateCache;
  readonly nextRun: () => number;
  readonly nextShuffle: () => ShuffleId;
}

/** The partition of a node that belongs to the task of a stage's partition. */
type PartitionOf = (task: number) => number;

/** The place in a template at which a node is planned. */
interface Place {
  readonly draft: StageDraft;
  readonly reads: Set<ShuffleId>;
  readonly partition: PartitionOf;
  /** True if the partition's number is the task's. */
  readonly own: boolean;
}

interface StageEnd {
  readonly sink: (draft: StageDraft) => StageSink;
  readonly writes: ShuffleWrite | undefined;
  readonly label: string | undefined;
  readonly partitions: readonly number[] | undefined;
  readonly output: ((partition: number) => OutputRef) | undefined;
  readonly limit?: number | undefined;
}

/** The planning of one action. */
export class PlanRun {
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
    const output = "output" in sink ? sink.output : undefined;
    const callsForEmpty = sink.kind === "foreachPartition" || output !== undefined;
    if (this.#layout.partitions(target) > 0 && (callsForEmpty || !this.#layout.isEmpty(target))) {
      this.#stage(target, {
        sink: (draft) => actionSink(sink, draft),
        writes: undefined,
        label: undefined,
        partitions,
        output,
        limit: sink.kind === "collect" ? sink.limit : undefined,
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
      const { start } = chain;
      const pipeline = this.#pipeline(chain, { draft, reads, partition: (task) => task - start, own: true });
      if (end.label !== undefined) draft.label(end.label);
      const template = this.#parts.templates.intern(pipeline, end.sink(draft), draft.functions);
      const encoded = this.#captures(draft.functions, broadcasts);
      // Members of a union with the same operators and captures share a template.
      let index = templates.findIndex((known, i) => known.id === template.id && captures[i] === encoded);
      if (index < 0) {
        index = templates.push(template) - 1;
        captures.push(encoded);
      }
      for (const partition of chosen) tasks.push(this.#task(draft, partition, index, end));
      for (const label of draft.labels) if (!labels.includes(label)) labels.push(label);
      if (draft.state !== undefined && chosen.length === chain.partitions) this.#states.add(draft.state.node);
    }
    this.#stages.push({
      run: stageRunId(this.#parts.nextRun()),
      name: labels.join(", "),
      templates,
      captures,
      broadcasts,
      tasks,
      partitions: this.#layout.partitions(target),
      reads: [...reads],
      writes: end.writes,
      ...(end.limit === undefined ? {} : { limit: end.limit }),
    });
  }

  #task(draft: StageDraft, partition: number, template: number, end: StageEnd): PlannedTask {
    const inputs = draft.inputs.map((of) => of(partition));
    const { state } = draft;
    if (state === undefined && end.output === undefined) return { partition, template, inputs };
    return {
      partition,
      template,
      inputs,
      ...(state === undefined ? {} : { state: plannedState(state, partition, this.#layout.partitions(state.node)) }),
      ...(end.output === undefined ? {} : { output: end.output(partition) }),
    };
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

  #pipeline(chain: Chain, at: Place): Pipeline {
    const source = this.#source(chain.base, at);
    return { source, ops: chain.ops.map((op) => this.#op(op, chain, at)) };
  }

  #op({ op, shift }: ChainedOp, chain: Chain, { draft, partition, own }: Place): Op {
    draft.label(op.label);
    switch (op.kind) {
      case "glom":
      case "keys":
      case "values":
        return op;
      case "sort": {
        const { kind, descending, label, key, compare } = op;
        return {
          kind,
          descending,
          label,
          ...(key === undefined ? {} : { key: draft.slot(key) }),
          ...(compare === undefined ? {} : { compare: draft.slot(compare) }),
        };
      }
      case "mapPartitionsWithIndex":
      case "number": {
        const { kind, label } = op;
        if (own && shift === 0) return { kind, fn: draft.slot(op.fn), label };
        const index = draft.input((task) => ({
          kind: "partition",
          partition: partition(task) + chain.start - shift,
        }));
        return { kind, fn: draft.slot(op.fn), label, index };
      }
      default:
        return { kind: op.kind, fn: draft.slot(op.fn), label: op.label };
    }
  }

  #source(base: Base, at: Place): Source {
    const { draft, partition } = at;
    if (base.kind === "gathered") return this.#gathered(base, at);
    draft.label(base.label);
    switch (base.kind) {
      case "source": {
        const { inputs } = base;
        assert(inputs !== undefined, `the partitions of ${base.label} are not known yet`);
        const input = draft.input((task) => inputs[partition(task)] ?? NO_BLOCKS);
        const { format, label } = base;
        if (typeof format === "string") return { kind: format, input };
        return "read" in format
          ? { kind: "external", input, read: draft.slot(format.read), label }
          : { kind: "fixed", input, recordBytes: format.recordBytes };
      }
      case "persisted":
        return { kind: "blocks", input: this.#persistedInput(base, at) };
      case "shuffled":
        return {
          kind: "shuffle",
          feed: this.#feed(base.dependency, base, this.#layout.inPlace(base)[0] === true, at),
          aggregate: aggregateOf(base, this.#layout.inPlace(base)[0] === true, draft),
        };
      case "merge":
        return this.#merge(base, at);
      case "state":
        return this.#state(base, at);
      default:
        return unreachable(base);
    }
  }

  #gathered({ of, parts }: Gathered, at: Place): Source {
    const feeds = parts.map(({ chain, partition }) =>
      this.#pipeline(chain, { ...at, partition: (task) => partition(at.partition(task)), own: false }),
    );
    switch (of.kind) {
      case "union":
      case "coalesced":
      case "pruned":
        return { kind: "concat", feeds };
      case "cartesian": {
        const [left, right] = feeds;
        assert(left !== undefined && right !== undefined, "a product has two sides");
        return { kind: "cartesian", left, right };
      }
      case "zipped":
        at.draft.label(of.label);
        return {
          kind: "zip",
          feeds,
          label: of.label,
          ...(of.fn === undefined ? {} : { fn: at.draft.slot(of.fn) }),
        };
      default:
        return unreachable(of);
    }
  }

  #merge(node: MergeNode, at: Place): Source {
    const inPlace = this.#layout.inPlace(node);
    const feeds = node.parents.map((parent, i) => this.#feed(parent, node, inPlace[i] === true, at));
    const { label } = node;
    if (node.how === "cogroup") return { kind: "cogroup", feeds, label };
    const [left, right] = feeds;
    assert(left !== undefined && right !== undefined, `${label} joins two parents`);
    return { kind: "join", how: node.how, feeds: [left, right], label };
  }

  #state(node: StateNode, at: Place): Source {
    const { draft } = at;
    assert(draft.state === undefined, `a task of ${node.label} already has the state of another operator`);
    const update = this.#stateUpdate(node, at);
    const after = node.change.kind === "snapshot" ? node.change.after.dependency.id : undefined;
    draft.state = { node, partition: at.partition, after };
    const { version, migrate } = node.schema;
    const schema = { version, ...(migrate === undefined ? {} : { migrate: draft.slot(migrate) }) };
    return { kind: "state", update, ...(version === 1 ? {} : { schema }), label: node.label };
  }

  #stateUpdate(node: StateNode, at: Place): StateUpdate {
    const { change, partitioning } = node;
    const inPlace = this.#layout.inPlace(node);
    const place = () => (partitioning.kind === "custom" ? { place: at.draft.slot(partitioning.fn) } : {});
    const feed = (dependency: ShuffleDependency, i: number): Feed =>
      this.#feed(dependency, node, inPlace[i] === true, at);
    switch (change.kind) {
      case "updateByKey":
      case "updatePartition":
      case "mapWithState": {
        const { draft } = at;
        const common = {
          feed: feed(change.feed, 0),
          ...(change.initial === undefined ? {} : { initial: feed(change.initial, 1) }),
          fn: draft.slot(change.fn),
          ...place(),
        };
        if (change.kind === "updateByKey") return { kind: change.kind, ...common, onlyUpdated: change.onlyUpdated };
        if (change.kind === "mapWithState") return { kind: change.kind, ...common, timeoutMs: change.timeoutMs };
        return { kind: change.kind, ...common };
      }
      case "window":
        return {
          kind: change.kind,
          entering: feed(change.entering, 0),
          leaving: feed(change.leaving, 1),
          reduce: at.draft.slot(change.reduce),
          inverse: at.draft.slot(change.inverse),
          ...(change.filter === undefined ? {} : { filter: at.draft.slot(change.filter) }),
          ...place(),
        };
      case "snapshot":
        // Read for its effect: the state is available once the stage that updates it is done.
        this.#persistedInput(change.after, at);
        return { kind: change.kind };
      default:
        return unreachable(change);
    }
  }

  #feed(dependency: ShuffleDependency, node: ShuffledNode | MergeNode | StateNode, inPlace: boolean, at: Place): Feed {
    if (!inPlace) return { kind: "shuffle", input: this.#shuffleInput(dependency, node, at) };
    const [chain, more] = chainsOf(dependency.parent, this.#layout);
    assert(chain !== undefined && more === undefined, `a parent of ${node.label} that is partitioned is one chain`);
    return { kind: "pipeline", pipeline: this.#pipeline(chain, { ...at, own: at.own && chain.start === 0 }) };
  }

  /**
   * The index of the input that reads a partition of a persisted RDD; plans the stage that writes it unless that is
   * done.
   */
  #persistedInput(node: PersistedNode, { draft, reads, partition }: Place): number {
    const { dependency, level, label } = node;
    if (this.#layout.isEmpty(dependency.parent)) return draft.input(() => NO_BLOCKS);
    const shuffle = this.#reserve(dependency, reads, {
      sink: () => ({ kind: "shuffle", partitioner: { kind: "roundRobin", partitions: 1 }, label }),
      partitions: 1,
      level,
      label,
    });
    return draft.input((task) => ({ kind: "mapOutput", shuffle, map: partition(task) }));
  }

  /** The index of the input that reads a shuffle; plans the stage that writes it unless that is done or unnecessary. */
  #shuffleInput(
    dependency: ShuffleDependency,
    node: ShuffledNode | MergeNode | StateNode,
    { draft, reads, partition }: Place,
  ): number {
    if (this.#layout.isEmpty(dependency.parent)) return draft.input(() => NO_BLOCKS);
    const placement = this.#layout.placement(node);
    const combine = node.kind === "shuffled" && node.use.kind === "combine" && node.use.mapSide ? node.use : undefined;
    const shuffle = this.#reserve(dependency, reads, {
      sink: (map) => ({ ...shuffleSink(placement, combine, map), label: node.label }),
      partitions: placement.partitions,
      level: undefined,
      label: node.label,
    });
    return draft.input((task) => ({ kind: "shuffle", shuffle, partition: partition(task) }));
  }

  /** The id of a shuffle that the stage reads; plans the stage that writes it unless that is done. */
  #reserve(
    dependency: ShuffleDependency,
    reads: Set<ShuffleId>,
    write: {
      readonly sink: (draft: StageDraft) => StageSink;
      readonly partitions: number;
      readonly level: BlockLevel | undefined;
      readonly label: string;
    },
  ): ShuffleId {
    dependency.id ??= this.#parts.nextShuffle();
    const shuffle = dependency.id;
    reads.add(shuffle);
    if (this.#request.written.has(shuffle) || this.#writes.has(shuffle)) return shuffle;
    this.#writes.set(shuffle, dependency as WrittenShuffle); // its id was assigned above
    const { sink, partitions, level, label } = write;
    this.#stage(dependency.parent, {
      sink,
      writes: { shuffle, partitions, ...(level === undefined ? {} : { level }) },
      label,
      partitions: undefined,
      output: undefined,
    });
    return shuffle;
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
