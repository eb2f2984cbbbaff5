import { assert } from "@millrace/base";
import { emptyClassTable, encodeBlock } from "@millrace/codec";
import { operators } from "@millrace/operators";
import { type FixedInput, type Lineage, narrow, type RateInput, source, type TaskInput } from "@millrace/plan";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { NodeBatch } from "../graph/stream-node.ts";
import { PolledInputNode } from "./input-node.ts";

/** A record of `rateStream`. */
export interface RateRecord {
  /** Counts from 0, without gaps, for as long as the job runs. */
  readonly value: number;
  /** The time at which it was due, in epoch ms: records are spread evenly over the interval of their batch. */
  readonly timestamp: number;
}

/** Options of `rateStream`. */
export interface RateOptions {
  /** By default the default parallelism. */
  readonly numPartitions?: number | undefined;
}

/** Records due within `ms`; exact however long that is. */
export function recordsDue(recordsPerSecond: number, ms: number): number {
  return Math.floor(ms / 1000) * recordsPerSecond + Math.floor(((ms % 1000) * recordsPerSecond) / 1000);
}

/**
 * A fixed number of records per second. The records of a batch follow from its time alone, and are created on
 * executors: a batch that runs again has the same ones, and nothing is received or stored.
 */
export class RateStream extends PolledInputNode {
  readonly kind = "rate";
  readonly label: string;
  readonly #recordsPerSecond: number;
  readonly #partitions: number | undefined;

  constructor(graph: GraphBuilder, recordsPerSecond: number, partitions: number | undefined) {
    super(graph);
    this.label = `rateStream ${recordsPerSecond}/s`;
    this.#recordsPerSecond = recordsPerSecond;
    this.#partitions = partitions;
  }

  fix(scope: NodeBatch): RateInput {
    const { zeroTime } = scope.history;
    const sinceMs = scope.time - zeroTime;
    const recordsPerSecond = this.#recordsPerSecond;
    const from = recordsDue(recordsPerSecond, scope.history.lastBatch - zeroTime);
    return { kind: "rate", from, until: recordsDue(recordsPerSecond, sinceMs), recordsPerSecond, zeroTime };
  }

  protected lineageOf(fixed: FixedInput): Lineage {
    assert(fixed.kind === "rate", `${this.label} reads numbers`);
    const { from, until, recordsPerSecond: rate, zeroTime } = fixed;
    const count = until - from;
    const partitions = Math.min(this.#partitions ?? this.graph.context.defaultParallelism, count);
    const cut = (i: number): number => from + Math.floor((count * i) / partitions);
    const inputs = Array.from({ length: partitions }, (_, i): TaskInput => {
      const range = [cut(i), cut(i + 1), rate, zeroTime] as const;
      return { kind: "inline", block: encodeBlock([range], emptyClassTable) };
    });
    const ranges = source("blocks", inputs, this.label);
    return narrow(ranges, { kind: "flatMap", fn: operators.rateRecords.ref(), label: this.label }, false);
  }
}
