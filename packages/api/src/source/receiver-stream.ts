import { type ReceiverSpec, source } from "@millrace/plan";
import type { BatchScope } from "../batch-scope.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { StorageLevel } from "../storage-level.ts";
import type { StreamNode } from "../stream-node.ts";

/** What a receiver has stored since the last batch: one partition per block. */
export class ReceiverStream implements StreamNode {
  readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  readonly #stream: number;

  /** @param spec Called when the graph is complete, so that what the receiver captures has its value. */
  constructor(graph: GraphBuilder, label: string, spec: () => ReceiverSpec, level: StorageLevel) {
    this.label = label;
    this.slideMs = graph.batchIntervalMs;
    this.#stream = graph.addReceiver(this, spec, level);
  }

  compute(scope: BatchScope) {
    const blocks = scope.received.get(this.#stream) ?? [];
    return source(
      "blocks",
      blocks.map((block) => ({ kind: "blocks", blocks: [block] })),
      this.label,
    );
  }
}
