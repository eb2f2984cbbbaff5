import { type DurationLike, parseDuration } from "@millrace/base";
import type { FunctionRef } from "@millrace/operators";
import { badArgument } from "../errors.ts";
import { CONTEXT, GRAPH } from "../internals.ts";
import type { StreamingListener } from "../listener/streaming-listener.ts";
import { transformed, unionOf } from "../operations/transforming.ts";
import type { RDD } from "../rdd/rdd.ts";
import type { RddTypes } from "../rdd/transformations.ts";
import { Accumulator, NumberAccumulator, shippedSpec } from "../shared/accumulator.ts";
import { type AccumulatorSpec, type AnySpec, anySpec, specOf } from "../shared/accumulator-kinds.ts";
import type { Broadcast } from "../shared/broadcast.ts";
import { resolvePath } from "../source/found-files.ts";
import { StaticSources } from "../source/static-sources.ts";
import { checkPath } from "../source/stream-sources.ts";
import { DStream } from "../stream/dstream.ts";
import { stoppedInBuild } from "../warnings.ts";

const STATES = { building: "INITIALIZED", running: "ACTIVE", stopped: "STOPPED" } as const;

/** A stream for each type of a list, in its order. */
export type StreamTypes<R extends readonly unknown[]> = { [I in keyof R]: DStream<R[I]> };

/** The job as its author sees it: sources of streams, static RDDs, and variables shared with executors. */
export class StreamingContext extends StaticSources {
  // ---- several streams

  /** The records of each stream in turn. */
  union<T>(...streams: readonly DStream<T>[]): DStream<T> {
    return new DStream(this[GRAPH], unionOf(streams));
  }

  /** Makes an RDD of the RDDs that several streams have in a batch, on the driver; see `DStream.transform`. */
  transform<R extends readonly unknown[], U>(
    streams: readonly [...StreamTypes<R>],
    fn: (rdds: RddTypes<R>, time: number) => RDD<U> | Promise<RDD<U>>,
  ): DStream<U> {
    if (!Array.isArray(streams)) throw badArgument("transform takes an array of streams and a function.");
    // One RDD for each stream, in their order.
    const node = transformed([...streams], "transform", (rdds, time) => fn(rdds as RddTypes<R>, time));
    return new DStream(this[GRAPH], node);
  }

  // ---- shared variables

  /** A read-only value that is sent to each executor once. */
  broadcast<T>(value: T): Broadcast<T> {
    return this[CONTEXT].broadcast(value);
  }

  /** A sum of whole numbers. */
  longAccumulator(name?: string): NumberAccumulator {
    return this.#numbers("long", name);
  }

  /** A sum of numbers. */
  doubleAccumulator(name?: string): NumberAccumulator {
    return this.#numbers("double", name);
  }

  /** A list of values, in no particular order. */
  collectionAccumulator<T>(name?: string): Accumulator<T, T[]> {
    const { identity, home } = this[CONTEXT].newAccumulator("collection", name, specOf("collection"));
    return new Accumulator<T, T[]>(identity, home);
  }

  /**
   * An accumulator of your own.
   *
   * @throws BAD_ARGUMENT It lacks a function. @throws FUNCTION_NOT_SHIPPABLE, CAPTURE_NOT_SHIPPABLE
   */
  accumulator<T, S, R = S>(spec: AccumulatorSpec<T, S, R>, name?: string): Accumulator<T, R> {
    const context = this[CONTEXT];
    const any = checkSpec(spec);
    context.checked(specRef(any));
    const { identity, home } = context.newAccumulator("custom", name, any);
    return new Accumulator<T, R>(identity, home);
  }

  #numbers(kind: "long" | "double", name: string | undefined): NumberAccumulator {
    const { identity, home } = this[CONTEXT].newAccumulator(kind, name, specOf(kind));
    return new NumberAccumulator(identity, home);
  }

  // ---- the job

  /** Partitions of shuffles and collections when nothing says otherwise. @throws ACTION_TOO_EARLY In `build`. */
  get defaultParallelism(): number {
    return this[CONTEXT].defaultParallelism;
  }

  /** Milliseconds between two batches. */
  get batchInterval(): number {
    return this[GRAPH].batchIntervalMs;
  }

  /** Where the job is: `build` runs, batches run, or none follows. */
  getState(): "INITIALIZED" | "ACTIVE" | "STOPPED" {
    return STATES[this[CONTEXT].phase];
  }

  /** Lets an object watch the job; also while batches run. Twice the same is once. @throws BAD_ARGUMENT */
  addStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.add(listener);
  }

  /** The listener hears no more. */
  removeStreamingListener(listener: StreamingListener): void {
    this[CONTEXT].listeners.remove(listener);
  }

  /**
   * Keeps the RDDs of every batch for this long at least, for `slice` and for RDDs that the job uses in later batches; windows
   * keep what they need by themselves. Costs the memory and disk of what those batches received and shuffled.
   */
  remember(duration: DurationLike): void {
    this[CONTEXT].requireBuilding("remember");
    this[GRAPH].rememberMs = Math.max(this[GRAPH].rememberMs, parseDuration(duration, "the duration of remember"));
  }

  /** Where state is kept; as `checkpointDir` of `defineJob`. */
  checkpoint(directory: string): void {
    this[CONTEXT].requireBuilding("checkpoint");
    this[GRAPH].checkpointDir = resolvePath(this[CONTEXT], checkPath(directory, "checkpoint"), "checkpoint");
  }

  /**
   * Ends the job: after all that was received is processed when `graceful`, else at once, and a batch that is cut off by it,
   * such as the one that called it, makes the end `killed`. Twice is once. In `build` it keeps the job from starting, which
   * is not a failure.
   */
  stop(options: { readonly graceful?: boolean } = {}): void {
    const { port, building } = this[CONTEXT];
    if (building) {
      port.warn(
        stoppedInBuild(
          "",
          "ssc.stop() was called while the graph is built: the job ends before its first batch, as finished.",
        ),
      );
    }
    port.stop(options.graceful ?? false);
  }
}

/** Executors get the functions of a spec as they get captured ones: so they are checked alike. */
function specRef(spec: AnySpec): FunctionRef {
  return { id: "accumulator", captures: () => [shippedSpec(spec)], names: ["accumulator"], site: undefined };
}

/** @throws BAD_ARGUMENT */
function checkSpec<T, S, R>(spec: AccumulatorSpec<T, S, R>): AnySpec {
  for (const name of ["zero", "add", "merge"] as const) {
    if (typeof spec?.[name] === "function") continue;
    throw badArgument(
      `an accumulator takes the functions zero(), add(total, value) and merge(a, b), and has no ${name}.`,
    );
  }
  return anySpec(spec);
}
