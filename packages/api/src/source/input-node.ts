import { assert, fromWireError } from "@millrace/base";
import type { FixedInput, Lineage } from "@millrace/plan";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { NamedInput, NodeBatch, PolledInput } from "../graph/stream-node.ts";

/**
 * An input of the graph. Its part of a batch is fixed first, as data, and the RDD is made from that data alone:
 * {@link lineageOf} does not access the source or a clock.
 */
export abstract class InputNode implements NamedInput {
  abstract readonly label: string;
  abstract readonly kind: string;
  readonly parents = [];
  readonly slideMs: number;
  protected readonly graph: GraphBuilder;

  constructor(graph: GraphBuilder) {
    this.graph = graph;
    this.slideMs = graph.batchIntervalMs;
    graph.names.addSource(this);
  }

  get input(): string {
    return this.graph.names.sourceName(this);
  }

  compute(scope: NodeBatch): Lineage {
    const fixed = scope.inputs.get(this.input);
    assert(fixed !== undefined, `batch ${scope.time} has no input ${this.input}`);
    if (fixed.kind === "failed") throw fromWireError(fixed.error);
    return this.lineageOf(fixed, scope);
  }

  protected abstract lineageOf(fixed: FixedInput, scope: NodeBatch): Lineage;
}

/** The node of a polled input. */
export abstract class PolledInputNode extends InputNode implements PolledInput {
  constructor(graph: GraphBuilder) {
    super(graph);
    graph.addPolledInput(this);
  }

  abstract fix(scope: NodeBatch): FixedInput | Promise<FixedInput>;
}

/** An input that is fixed as an RDD made by the job's code: it stays in this thread, with the batch. */
export abstract class UnloggedInput extends PolledInputNode {
  readonly kind = "unlogged";
  readonly unlogged: boolean = true;

  async fix(scope: NodeBatch): Promise<FixedInput> {
    const { lineage, records } = await this.take(scope);
    scope.giveUnlogged(this, lineage);
    return { kind: "unlogged", records };
  }

  protected abstract take(scope: NodeBatch): GivenRdd | Promise<GivenRdd>;

  protected lineageOf(_: FixedInput, scope: NodeBatch): Lineage {
    const lineage = scope.unloggedOf(this);
    assert(lineage !== undefined, `batch ${scope.time} has lost what ${this.label} gave`);
    return lineage;
  }
}

/** The RDD that the job's code returned for a batch. */
export interface GivenRdd {
  readonly lineage: Lineage;
  /** 0 if it is unknown before the records are read. */
  readonly records: number;
}
