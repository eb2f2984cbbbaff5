import { type DurationLike, parseDuration } from "@millrace/base";
import type { ShuffleOptions } from "./partitioner.ts";
import type { OracleRdd } from "./rdd.ts";

type Compute<T> = (time: number) => OracleRdd<T> | Promise<OracleRdd<T>>;
export type Body<T> = (rdd: OracleRdd<T>, time: number) => unknown;

/** Shared by the streams of one job. Batches are at `intervalMs`, twice that, and so on. */
export interface OracleGraph {
  readonly intervalMs: number;
  readonly parallelism: number;
  /** In order of registration. */
  readonly outputs: { readonly stream: Batches<unknown>; readonly body: Body<unknown> }[];
  /** Streams computed in every batch, whether or not an output needs them: sources and state. */
  readonly ongoing: Batches<unknown>[];
}

/** The base of every stream: each of its batches is computed once. */
export class Batches<T> {
  readonly graph: OracleGraph;
  readonly slideMs: number;
  readonly #compute: Compute<T>;
  readonly #computed = new Map<number, Promise<OracleRdd<T>>>();

  constructor(graph: OracleGraph, slideMs: number, compute: Compute<T>) {
    this.graph = graph;
    this.slideMs = slideMs;
    this.#compute = compute;
  }

  at(time: number): Promise<OracleRdd<T>> {
    const known = this.#computed.get(time);
    if (known !== undefined) return known;
    const made = (async () => this.#compute(time))();
    this.#computed.set(time, made);
    return made;
  }

  /** It has a batch at multiples of its slide. */
  isDue(time: number): boolean {
    return time > 0 && time % this.slideMs === 0;
  }

  /** A stream places pairs over the default parallelism when nothing is said. */
  placed(options: ShuffleOptions | undefined): ShuffleOptions {
    return typeof options === "object" && options.numPartitions === undefined && options.partitioner === undefined
      ? { ...options, numPartitions: this.graph.parallelism }
      : (options ?? this.graph.parallelism);
  }

  /** The RDDs of the batches in (after, until], oldest first. */
  async between(after: number, until: number): Promise<OracleRdd<T>[]> {
    const rdds: OracleRdd<T>[] = [];
    for (let time = this.slideMs; time <= until; time += this.slideMs) if (time > after) rdds.push(await this.at(time));
    return rdds;
  }

  slide(slide: DurationLike | undefined): number {
    return slide === undefined ? this.slideMs : parseDuration(slide);
  }

  /** A stream whose batches build on the batches before. */
  carried<B>(first: () => B, step: (before: B, time: number) => Promise<B>): (time: number) => Promise<B> {
    const made = new Map<number, Promise<B>>();
    const at = (time: number): Promise<B> => {
      const known = made.get(time);
      if (known !== undefined) return known;
      const now = (async () => step(time > this.slideMs ? await at(time - this.slideMs) : first(), time))();
      made.set(time, now);
      return now;
    };
    return at;
  }
}
