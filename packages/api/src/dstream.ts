import type { Lineage } from "@millrace/plan";
import { runAuthorCode } from "./author-code.ts";
import { badArgument, nameTaken } from "./errors.ts";
import { CONTEXT, GRAPH, OF, OF_STATE, STREAM } from "./internals.ts";
import { type AsyncIterableOptions, asyncOutput, type StreamBatch } from "./output/async-output.ts";
import { printOutput } from "./output/print.ts";
import { saveOutput } from "./output/save.ts";
import { RDD } from "./rdd.ts";
import { objectFormat, type SaveTextOptions, textFormat } from "./save-records.ts";
import { sliceOf } from "./slice.ts";
import { snapshotsNode } from "./state-stream.ts";
import { checkCount } from "./steps.ts";
import { WindowStream } from "./stream/window-stream.ts";
import type { StreamNode } from "./stream-node.ts";
import { checkBody } from "./stream-steps.ts";

/**
 * A stream: one RDD per batch. Operations declare the graph while `build` runs; nothing happens before the batches, and
 * without an output operation nothing happens at all.
 *
 * Pair operations exist on streams of two-tuples only.
 */
export class DStream<out T> extends WindowStream<T> {
  override [OF]<U>(node: StreamNode): DStream<U> {
    return new DStream<U>(this[GRAPH], node);
  }

  override [OF_STATE]<K, S, U>(node: StreamNode): MapWithStateDStream<K, S, U> {
    return new MappedWithState<K, S, U>(this[GRAPH], node);
  }

  /**
   * The RDDs of this stream in the batches of [from, to], oldest first, both in epoch ms: for `transform` and
   * `foreachRDD`, as far back as batches are remembered (`ssc.remember`). Times between two batches count as the earlier one.
   *
   * @throws SLICE_FORGOTTEN A batch within is forgotten, or has not begun.
   */
  slice(from: number, to: number): Promise<RDD<T>[]> {
    return sliceOf(this[CONTEXT], this[STREAM], from, to).then((all) =>
      all.map((lineage) => new RDD<T>(this[CONTEXT], lineage)),
    );
  }

  // ---- outputs

  /** Calls `body` on the driver with each batch's RDD, empty ones too, and the batch time in epoch ms; awaits it. */
  foreachRDD(body: (rdd: RDD<T>, time: number) => unknown): void {
    checkBody(body, "foreachRDD");
    const context = this[CONTEXT];
    this[GRAPH].output("foreachRDD", this[STREAM], async (lineage, scope) => {
      const rdd = new RDD<T>(context, lineage);
      await runAuthorCode({ what: "the body of foreachRDD", outcome: "The batch fails." }, () => body(rdd, scope.time));
    });
  }

  /** Prints the first `num` records of each batch below its time. */
  print(num = 10): void {
    checkCount(num, "the number of records to print", 0, 1_000_000);
    const [graph, stream] = [this[GRAPH], this[STREAM]];
    graph.output(
      "print",
      stream,
      printOutput(this[CONTEXT], num, () => graph.nameOf(stream) ?? stream.label),
    );
  }

  /** As `print`. */
  pprint(num = 10): void {
    this.print(num);
  }

  /**
   * Saves each batch in a directory `prefix-<batch ms>.suffix` of its own: a string as it is, anything else as a line of
   * JSON. The directory appears when it is complete; a batch that is run again replaces its own.
   */
  saveAsTextFiles(prefix: string, suffix = "", options: SaveTextOptions = {}): void {
    const operator = "saveAsTextFiles";
    const output = saveOutput(this[CONTEXT], prefix, suffix, {
      operator,
      format: () => textFormat(options, operator),
    });
    this[GRAPH].output(operator, this[STREAM], output);
  }

  /** As `saveAsTextFiles`, in the engine's own format, which keeps what records are: read it with `ssc.objectFile`. */
  saveAsObjectFiles(prefix: string, suffix = ""): void {
    const operator = "saveAsObjectFiles";
    const output = saveOutput(this[CONTEXT], prefix, suffix, {
      operator,
      format: () => objectFormat(operator),
    });
    this[GRAPH].output(operator, this[STREAM], output);
  }

  /**
   * An output operation for a loop of the driver, in `build` or wherever the context is in reach: the records of every
   * batch, in partition order, or whole batches with their times.
   *
   *     const totals = stream.toAsyncIterable({ batches: true });
   *     void (async () => {
   *       for await (const { time, records } of totals) await store(time, records);
   *     })();
   *
   * For one loop. A batch waits while the loop is behind; leave the loop, and batches go on without it. It ends when the
   * job ends in an orderly way, or throws what made the job fail. All records of a batch come to the driver at once.
   *
   * @throws BAD_ARGUMENT
   */
  toAsyncIterable(
    options?: AsyncIterableOptions & { readonly batches?: false | undefined },
  ): AsyncIterableIterator<T, undefined>;
  toAsyncIterable(
    options: AsyncIterableOptions & { readonly batches: true },
  ): AsyncIterableIterator<StreamBatch<T>, undefined>;
  toAsyncIterable(options: AsyncIterableOptions = {}): AsyncIterableIterator<unknown, undefined> {
    const collect = (lineage: Lineage) => new RDD<T>(this[CONTEXT], lineage).collect();
    return asyncOutput(this[GRAPH], this[STREAM], collect, options);
  }

  /** Names this stream for the operator, and the state that it keeps: unique within the job. */
  named(id: string): this {
    this[CONTEXT].requireBuilding("named");
    if (typeof id !== "string" || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) {
      throw badArgument(
        `the name ${JSON.stringify(id)} must be 1 to 100 characters of letters, digits, ".", "_" and "-", beginning with a letter or digit.`,
      );
    }
    if (!this[GRAPH].name(this[STREAM], id)) {
      throw nameTaken(`another stream has the name ${JSON.stringify(id)}. State is kept by name: give each its own.`);
    }
    return this;
  }
}

/** The state beside what `mapWithState` gives. */
export interface StateSnapshots<K, S> {
  /**
   * `[key, state]` of every key that has state after each batch.
   *
   * Cost: what there is of state, in each batch.
   */
  stateSnapshots(): DStream<[K, S]>;
}

/** What `mapWithState` gives: a stream of the records that its function returned, and the state beside it. */
export type MapWithStateDStream<K, S, U> = DStream<U> & StateSnapshots<K, S>;

class MappedWithState<K, S, out U> extends DStream<U> implements StateSnapshots<K, S> {
  stateSnapshots(): DStream<[K, S]> {
    return this[OF]<[K, S]>(snapshotsNode(this[GRAPH], this[STREAM]));
  }
}
