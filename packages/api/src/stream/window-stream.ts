import { type DurationLike, formatDuration, parseDuration } from "@millrace/base";
import { type FunctionRef, operators } from "@millrace/operators";
import type { Partitioning } from "@millrace/plan";
import type { DStream } from "../dstream.ts";
import { badWindow } from "../errors.ts";
import { CONTEXT, GRAPH, OF, STREAM } from "../internals.ts";
import type { KeyOf, Pair, ValueOf, Widened } from "../pair-types.ts";
import { partitioningOf, type ShuffleOptions } from "../partitioner.ts";
import { countByValueStep, labelOf, narrowStep, plainStep, reduceByKeyStep, reduceStep } from "../steps.ts";
import { checkLevel, StorageLevel } from "../storage-level.ts";
import { incrementalWindowNode, type WindowSpan, windowNode, windowSpan } from "../stream-windows.ts";
import { PairStream } from "./pair-stream.ts";
import { partitioning, type StreamCore, ship, shuffledBy, stepped } from "./stream-core.ts";

/** Options of `reduceByKeyAndWindow` with an inverse function. */
export type InverseWindowOptions<K, V> =
  | number
  | (Exclude<ShuffleOptions<K>, number> & {
      /** Keys for which it does not hold are forgotten: without it a key stays, with whatever value is left of it. */
      readonly filter?: ((pair: readonly [K, V]) => unknown) | undefined;
    });

/**
 * The operations that look back on earlier batches, and those that say how batches are kept for it.
 *
 * A window of length L and slide S ends with batch t when t is a multiple of S after the time before the first batch; it
 * has the batches of (t - L, t], as far as there are any. L and S must be multiples of the stream's own slide; S is that
 * slide by default.
 */
export abstract class WindowStream<out T> extends PairStream<T> {
  /** The records of all batches of a window, oldest first. */
  window(length: DurationLike, slide?: DurationLike): DStream<T> {
    const span = spanOf(this, "window", length, slide);
    return this[OF](windowNode(this[STREAM], span, "window"));
  }

  /**
   * One record a window: all of it reduced to one, nothing for an empty one. `fn` must be associative.
   *
   * With `inverse`, which takes away what `fn` has added, a window costs what enters and leaves it. Then a window that is
   * empty after others were not gives what `inverse` leaves.
   */
  reduceByWindow(
    fn: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    length: DurationLike,
    slide?: DurationLike,
  ): DStream<Widened<T>>;
  reduceByWindow(
    fn: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    inverse: (a: Widened<T>, b: Widened<T>) => Widened<T>,
    length: DurationLike,
    slide?: DurationLike,
  ): DStream<Widened<T>>;
  reduceByWindow(fn: (a: Widened<T>, b: Widened<T>) => Widened<T>, ...rest: readonly unknown[]): DStream<Widened<T>> {
    const [inverse, length, slide] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
    const operator = "reduceByWindow";
    const span = spanOf(this, operator, length, slide);
    const reduce = ship(this, fn, operator);
    if (inverse !== undefined) return overOneKey(this, reduce, ship(this, inverse, operator), span, operator);
    const window = this[OF](windowNode(this.reduce(fn)[STREAM], span, operator));
    return stepped(window, reduceStep(reduce), operator);
  }

  /** One number a window: how many records it has. Nothing until there was a first one; 0 for later empty windows. */
  countByWindow(length: DurationLike, slide?: DurationLike): DStream<number> {
    const operator = "countByWindow";
    const span = spanOf(this, operator, length, slide);
    const ones = stepped<number>(this, narrowStep("map", operators.one.ref(), false, operator), operator);
    return overOneKey(ones, operators.add.ref(), operators.subtract.ref(), span, operator);
  }

  /** `[value, n]`: how often each value occurs in a window. Values must have equality by value, as keys do. */
  countByValueAndWindow(length: DurationLike, slide?: DurationLike, options?: ShuffleOptions<T>): DStream<[T, number]> {
    const operator = "countByValueAndWindow";
    const span = spanOf(this, operator, length, slide, options);
    const counted = stepped(this, countByValueStep(partitioning(this, options, operator), operator), operator);
    const node = incrementalWindowNode(
      this[GRAPH],
      counted[STREAM],
      span,
      {
        reduce: operators.add.ref(),
        inverse: operators.subtract.ref(),
        filter: operators.countNotZero.ref(),
        partitioning: partitioningFor(this, options, operator),
      },
      operator,
    );
    return this[OF](node);
  }

  // ---- pairs

  /** `[key, values]` of a window, oldest batch first. To reduce the values, `reduceByKeyAndWindow` keeps far less. */
  groupByKeyAndWindow(
    this: DStream<Pair>,
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, ValueOf<T>[]]> {
    const operator = "groupByKeyAndWindow";
    const span = spanOf(this, operator, length, slide, options);
    const grouped = shuffledBy<unknown, KeyOf<T>>(this, { kind: "group" }, options, operator);
    return windowed(grouped, span, operators.concatenate.ref(), options, operator);
  }

  /**
   * Reduces the values of each key of a window to one. `fn` must be associative.
   *
   * With `inverse`, which takes away what `fn` has added, a window costs what enters and leaves it, not what it holds. Then
   * `fn` must be commutative too, and a key stays with whatever `inverse` leaves of it unless `filter` lets it go.
   */
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    length: DurationLike,
    slide?: DurationLike,
    options?: ShuffleOptions<KeyOf<T>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]>;
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    inverse: (a: Widened<ValueOf<T>>, b: Widened<ValueOf<T>>) => Widened<ValueOf<T>>,
    length: DurationLike,
    slide?: DurationLike,
    options?: InverseWindowOptions<KeyOf<T>, Widened<ValueOf<T>>>,
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]>;
  reduceByKeyAndWindow(
    this: DStream<Pair>,
    fn: unknown,
    ...rest: readonly unknown[]
  ): DStream<[KeyOf<T>, Widened<ValueOf<T>>]> {
    const operator = "reduceByKeyAndWindow";
    const [inverse, length, slide, given] = typeof rest[0] === "function" ? rest : [undefined, ...rest];
    const span = spanOf(this, operator, length, slide, given);
    const options = given as InverseWindowOptions<unknown, unknown> | undefined; // as the overloads say
    const reduce = ship(this, fn, operator);
    const perBatch = reduceByKeyStep(reduce, partitioning(this, options, operator), operator);
    const reduced = stepped(this, perBatch, labelOf(operator, reduce));
    if (inverse === undefined) return windowed(reduced, span, reduce, options, operator);
    const filter = typeof options === "object" ? options.filter : undefined;
    const node = incrementalWindowNode(
      this[GRAPH],
      reduced[STREAM],
      span,
      {
        reduce,
        inverse: ship(this, inverse, operator),
        filter: filter === undefined ? undefined : ship(this, filter, `the filter of ${operator}`),
        partitioning: partitioningFor(this, options, operator),
      },
      labelOf(operator, reduce),
    );
    return this[OF](node);
  }

  // ---- how batches are kept

  /**
   * Computes each batch of this stream once and keeps it, for several outputs or for `slice`, as long as its batch is
   * remembered. A windowed stream keeps the batches it looks at instead.
   */
  persist(level: StorageLevel = StorageLevel.MEMORY_AND_DISK): this {
    this[CONTEXT].requireBuilding("persist");
    checkLevel(level, "persist");
    const node = this[STREAM].persistsParent ?? this[STREAM];
    node.level = level;
    return this;
  }

  /** As `persist()`. */
  cache(): this {
    return this.persist();
  }

  /**
   * Keeps each batch as `persist` does. State needs no call of this: every batch writes what it changed.
   *
   * @param interval A multiple of the stream's slide.
   * @throws BAD_WINDOW
   */
  checkpoint(interval: DurationLike): this {
    this[CONTEXT].requireBuilding("checkpoint");
    const { slideMs } = this[STREAM];
    const ms = parseDuration(interval, "the interval of checkpoint");
    if (ms % slideMs !== 0) {
      throw badWindow(
        `the interval of checkpoint is ${formatDuration(ms)}; it must be a multiple of ${formatDuration(slideMs)}, as often as the stream has a batch.`,
      );
    }
    return this[STREAM].level === undefined ? this.persist() : this;
  }

  /** Milliseconds between two batches of this stream: the batch interval, or the slide of the window before it. */
  get slideDuration(): number {
    return this[STREAM].slideMs;
  }
}

// These take any stream, where methods with a `this` type have no access to private members.

function spanOf(stream: StreamCore<unknown>, operator: string, length: unknown, slide: unknown, options?: unknown) {
  stream[CONTEXT].requireBuilding(operator);
  // What is no duration, or no such options, is refused where it is read.
  const [duration, every] = [length as DurationLike, slide as DurationLike | undefined];
  const placed = options as ShuffleOptions<unknown> | undefined;
  return windowSpan(stream[STREAM], operator, duration, every, () => partitioning(stream, placed, operator));
}

function partitioningFor<K>(
  stream: StreamCore<unknown>,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): () => Partitioning {
  const context = stream[CONTEXT];
  const given = partitioningOf(options, operator, context);
  return () => given ?? { kind: "hash", partitions: context.defaultParallelism };
}

/** Reduced once more over the batches of a window: its pairs lie right already, so that nothing is shuffled. */
function windowed<U, K>(
  perBatch: StreamCore<unknown>,
  span: WindowSpan,
  merge: FunctionRef,
  options: ShuffleOptions<K> | undefined,
  operator: string,
): DStream<U> {
  const label = labelOf(operator, merge);
  const window = perBatch[OF]<unknown>(windowNode(perBatch[STREAM], span, label));
  return stepped(window, reduceByKeyStep(merge, partitioning(window, options, operator), operator), label);
}

/** An incremental window over all records as if they had one key. */
function overOneKey<U>(
  stream: StreamCore<unknown>,
  reduce: FunctionRef,
  inverse: FunctionRef,
  span: WindowSpan,
  operator: string,
): DStream<U> {
  const one: Partitioning = { kind: "hash", partitions: 1 };
  const keyed = stepped<unknown>(stream, narrowStep("map", operators.keyByNull.ref(), false, operator), operator);
  const perBatch = stepped<unknown>(keyed, reduceByKeyStep(reduce, one, operator), operator);
  const node = incrementalWindowNode(
    stream[GRAPH],
    perBatch[STREAM],
    span,
    { reduce, inverse, filter: undefined, partitioning: () => one },
    labelOf(operator, reduce),
  );
  return stepped(stream[OF](node), plainStep("values"), operator);
}
