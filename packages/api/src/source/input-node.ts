import { assert, fromWireError } from "@millrace/base";
import type { FixedInput, Lineage } from "@millrace/plan";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { NamedInput, NodeBatch, PolledInput } from "../graph/stream-node.ts";

/**
 * A stream that begins in a source. Its part of a batch is chosen first, as data, and the RDD is made from that data alone:
 * {@link lineageOf} asks no source and reads no clock.
 */
export abstract class InputNode implements NamedInput {
  abstract readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  protected readonly graph: GraphBuilder;
  /** Its name unless the author gives one: by its place among the inputs of the job's text. */
  readonly #position: string;

  constructor(graph: GraphBuilder) {
    this.graph = graph;
    this.slideMs = graph.batchIntervalMs;
    this.#position = graph.addInput();
  }

  get input(): string {
    return this.graph.nameOf(this) ?? this.#position;
  }

  compute(scope: NodeBatch): Lineage {
    const fixed = scope.inputs.get(this.input);
    assert(fixed !== undefined, `batch ${scope.time} has no input ${this.input}`);
    if (fixed.kind === "failed") throw fromWireError(fixed.error);
    return this.lineageOf(fixed, scope);
  }

  protected abstract lineageOf(fixed: FixedInput, scope: NodeBatch): Lineage;
}

/** An input that chooses on the driver. */
export abstract class DriverInput extends InputNode implements PolledInput {
  constructor(graph: GraphBuilder) {
    super(graph);
    graph.inputs.push(this);
  }

  abstract fix(scope: NodeBatch): FixedInput | Promise<FixedInput>;
}

/** An input whose choice is an RDD that code of the job made: it stays in this thread, with the batch. */
export abstract class UnloggedInput extends DriverInput {
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

/** What code of the job gave for a batch. */
export interface GivenRdd {
  readonly lineage: Lineage;
  /** 0 where it is not known before the records are read. */
  readonly records: number;
}
