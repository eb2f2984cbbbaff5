import { assert, type EngineError, type EpochMs } from "@millrace/base";
import { type FixedInput, type Lineage, lazySource, type ReceiverSpec } from "@millrace/plan";
import { batchForgotten } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { NodeBatch } from "../graph/stream-node.ts";
import type { StorageLevel } from "../rdd/storage-level.ts";
import { InputNode } from "./input-node.ts";

/** The blocks that a receiver has stored since the last batch: one partition each. The job's driver allocates them. */
export class ReceiverStream extends InputNode {
  readonly kind = "received";
  readonly label: string;

  /** @param spec Called when the graph is complete, so that the receiver's captures have their values. */
  constructor(graph: GraphBuilder, label: string, spec: () => ReceiverSpec, level: StorageLevel) {
    super(graph);
    this.label = label;
    graph.addReceiver(this, spec, level);
  }

  protected lineageOf(fixed: FixedInput, scope: NodeBatch): Lineage {
    assert(fixed.kind === "received", `${this.label} reads blocks`);
    const { blocks } = fixed;
    const { time } = scope;
    // It must not capture the scope: a window's lineage refers to this node, and through it to every batch back to the
    // first.
    const node = lazySource("blocks", () => Promise.reject(forgotten(time)), {
      partitions: blocks.length,
      lasting: false,
      label: this.label,
    });
    node.inputs = blocks.map((block) => ({ kind: "blocks", blocks: [block] }));
    scope.ownSource(node);
    return node;
  }
}

function forgotten(time: EpochMs): EngineError {
  return batchForgotten(
    `an RDD of batch ${time} was used after that batch was released, with its received blocks. The action fails. ` +
      'Call ssc.remember("5m") in build to keep batches for longer, or use a window of the stream.',
  );
}
