import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type Lineage, narrow, source, type TaskInput } from "@millrace/plan";
import type { BatchScope } from "../batch-scope.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { StreamNode } from "../stream-node.ts";

/** A record of `rateStream`. */
export interface RateRecord {
  /** Counts from 0, without gaps, for as long as the job runs. */
  readonly value: number;
  /** When it was due, in epoch ms: records are spread evenly over the time of their batch. */
  readonly timestamp: number;
}

/** What `rateStream` makes, and for how long. */
export interface RateOptions {
  /** The default parallelism when it is left out. */
  readonly numPartitions?: number | undefined;
}

/** Records due within `ms`; exact however long that is. */
export function recordsDue(recordsPerSecond: number, ms: number): number {
  return Math.floor(ms / 1000) * recordsPerSecond + Math.floor(((ms % 1000) * recordsPerSecond) / 1000);
}

/**
 * So many records a second. Which ones a batch has follows from its time alone, and the executors make them: a batch that
 * runs again has the same, and nothing is received or stored.
 */
export class RateStream implements StreamNode {
  readonly label: string;
  readonly parents = [];
  readonly slideMs: number;
  readonly #graph: GraphBuilder;
  readonly #recordsPerSecond: number;
  readonly #partitions: number | undefined;

  constructor(graph: GraphBuilder, recordsPerSecond: number, partitions: number | undefined) {
    this.label = `rateStream ${recordsPerSecond}/s`;
    this.slideMs = graph.batchIntervalMs;
    this.#graph = graph;
    graph.inputs.push(this);
    this.#recordsPerSecond = recordsPerSecond;
    this.#partitions = partitions;
  }

  compute(scope: BatchScope): Lineage {
    const { zeroTime } = scope.history;
    const sinceMs = scope.time - zeroTime;
    const rate = this.#recordsPerSecond;
    const from = recordsDue(rate, sinceMs - this.slideMs);
    const count = recordsDue(rate, sinceMs) - from;
    scope.reports.set(this, { numRecords: count });
    const partitions = Math.min(this.#partitions ?? this.#graph.context.defaultParallelism, count);
    const cut = (i: number): number => from + Math.floor((count * i) / partitions);
    const inputs = Array.from({ length: partitions }, (_, i): TaskInput => {
      const range = [cut(i), cut(i + 1), rate, zeroTime] as const;
      return { kind: "inline", block: encodeBlock([range], emptyClassTable) };
    });
    const ranges = source("blocks", inputs, this.label);
    return narrow(ranges, { kind: "flatMap", fn: operators.rateRecords.ref(), label: this.label }, false);
  }
}
