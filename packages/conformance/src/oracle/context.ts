import { type DurationLike, parseDuration } from "@millrace/base";
import type { OracleGraph } from "./batches.ts";
import { OracleRdd, unionOf } from "./rdd.ts";
import { OracleStream } from "./stream.ts";

interface OracleOptions {
  readonly batchInterval: DurationLike;
  /** Slots of the cluster that is imagined. */
  readonly parallelism: number;
}

type Queued<T> = readonly T[] | OracleRdd<T>;

/** The `ssc` of the oracle: the sources that need no outside world. */
export class OracleContext {
  readonly graph: OracleGraph;

  constructor({ batchInterval, parallelism }: OracleOptions) {
    this.graph = { intervalMs: parseDuration(batchInterval), parallelism, outputs: [], ongoing: [] };
  }

  /** Each batch takes the next of the queue, or all of it; then the default. */
  queueStream<T>(
    batches: readonly Queued<T>[],
    options: { readonly oneAtATime?: boolean; readonly default?: Queued<T> } = {},
  ): OracleStream<T> {
    const queue = [...batches];
    return this.#source(() => {
      const taken = queue.splice(0, options.oneAtATime === false ? queue.length : 1);
      if (taken.length === 0 && options.default !== undefined) taken.push(options.default);
      return unionOf(taken.map((batch) => (batch instanceof OracleRdd ? batch : this.parallelize(batch))));
    });
  }

  union<T>(first: OracleStream<T>, ...others: readonly OracleStream<T>[]): OracleStream<T> {
    return first.union(...others);
  }

  parallelize<T>(items: readonly T[], numPartitions = this.graph.parallelism): OracleRdd<T> {
    return OracleRdd.of(items, numPartitions);
  }

  emptyRDD<T>(): OracleRdd<T> {
    return new OracleRdd<T>([]);
  }

  unionRDD<T>(...rdds: readonly OracleRdd<T>[]): OracleRdd<T> {
    return unionOf(rdds);
  }

  get defaultParallelism(): number {
    return this.graph.parallelism;
  }

  #source<T>(compute: () => OracleRdd<T>): OracleStream<T> {
    const stream = new OracleStream(this.graph, this.graph.intervalMs, compute);
    this.graph.ongoing.push(stream as OracleStream<unknown>);
    return stream;
  }
}

/** Runs a job of the oracle from its first batch on: each batch's outputs in the order in which they were declared. */
export async function runOracle(
  options: OracleOptions & { readonly batches: number },
  build: (ssc: OracleContext) => unknown,
): Promise<void> {
  const ssc = new OracleContext(options);
  await build(ssc);
  const { intervalMs, outputs, ongoing } = ssc.graph;
  for (let time = intervalMs; time <= options.batches * intervalMs; time += intervalMs) {
    for (const { stream, body } of outputs) if (stream.isDue(time)) await body(await stream.at(time), time);
    for (const stream of ongoing) if (stream.isDue(time)) await stream.at(time);
  }
}
