import { type Lineage, union } from "@millrace/plan";
import { badArgument } from "../errors.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { lineageIn } from "../operations/dataset.ts";
import { RDD } from "../rdd/rdd.ts";
import { collectionSource } from "./collection.ts";
import { type GivenRdd, UnloggedInput } from "./input-node.ts";

/** One batch of a queue: records to be spread over the default parallelism, or an RDD. */
export type QueuedBatch<T> = readonly T[] | RDD<T>;

/** Options of `queueStream`. */
export interface QueueOptions<T> {
  /** Take one element of the queue per batch; otherwise all that were added since the previous batch. Default true. */
  readonly oneAtATime?: boolean | undefined;
  /** The batch when the queue is empty; nothing by default. */
  readonly default?: QueuedBatch<T> | undefined;
}

/**
 * A source for tests and experiments: reads its batches from an array, to which more may be pushed as the job runs. The
 * array is the caller's and is not changed: the stream keeps a position in it, so that several streams may read one
 * array.
 */
export class QueueStream<T> extends UnloggedInput {
  readonly label = "queueStream";
  readonly #queue: readonly QueuedBatch<T>[];
  readonly #options: QueueOptions<T>;
  /** Batches of the queue that were taken. */
  #taken = 0;
  /** The length of the queue at the start of the job. */
  #held = 0;

  constructor(graph: GraphBuilder, queue: readonly QueuedBatch<T>[], options: QueueOptions<T>) {
    super(graph);
    this.#queue = queue;
    this.#options = options;
    graph.addLife({
      begin: async () => {
        this.#held = queue.length;
      },
    });
  }

  more(): boolean {
    return this.#taken < this.#held;
  }

  protected take(): GivenRdd {
    const { oneAtATime = true, default: fallback } = this.#options;
    const batches = this.#queue.slice(this.#taken, oneAtATime ? this.#taken + 1 : undefined);
    this.#taken += batches.length;
    if (batches.length === 0 && fallback !== undefined) batches.push(fallback);
    const records = batches.reduce((sum, batch) => sum + (Array.isArray(batch) ? batch.length : 0), 0);
    return { lineage: union(batches.map((batch) => this.#lineage(batch))), records };
  }

  #lineage(batch: QueuedBatch<T>): Lineage {
    const { context } = this.graph;
    if (batch instanceof RDD) return lineageIn(context, batch, "queueStream");
    checkBatch(batch, "an element of queueStream's queue");
    return collectionSource(context, batch, { partitions: undefined, label: this.label });
  }
}

/** @throws BAD_ARGUMENT */
export function checkBatch(batch: unknown, what: string): void {
  if (Array.isArray(batch) || batch instanceof RDD) return;
  throw badArgument(`${what} is ${batch === null ? "null" : typeof batch}. A batch is an array of records, or an RDD.`);
}
