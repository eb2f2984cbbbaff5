import type { EngineError, EpochMs, StreamId } from "@millrace/base";
import { lazySource, type ReceiverSpec } from "@millrace/plan";
import type { BatchScope } from "../batch-scope.ts";
import { batchForgotten } from "../errors.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { StorageLevel } from "../storage-level.ts";
import type { StreamNode } from "../stream-node.ts";

/** What a receiver has stored since the last batch: one partition per block. */
export class ReceiverStream implements StreamNode {
  readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  readonly #stream: StreamId;

  /** @param spec Called when the graph is complete, so that what the receiver captures has its value. */
  constructor(graph: GraphBuilder, label: string, spec: () => ReceiverSpec, level: StorageLevel) {
    this.label = label;
    this.slideMs = graph.batchIntervalMs;
    this.#stream = graph.addReceiver(this, spec, level);
  }

  compute(scope: BatchScope) {
    const { time } = scope;
    const blocks = scope.received.get(this.#stream) ?? [];
    // It must not capture the scope: a window's lineage holds this node, and through it every batch back to the first.
    const node = lazySource("blocks", () => Promise.reject(forgotten(time)), {
      partitions: blocks.length,
      lasting: false,
      label: this.label,
    });
    node.inputs = blocks.map((block) => ({ kind: "blocks", blocks: [block] }));
    scope.sources.push(node); // which has no inputs any more once the batch is over
    return node;
  }
}

function forgotten(time: EpochMs): EngineError {
  return batchForgotten(
    `an RDD of batch ${time} was used when that batch was over, and what had been received for it is gone. The action fails. ` +
      'Call ssc.remember("5m") in build to keep batches for longer, or use a window of the stream.',
  );
}
