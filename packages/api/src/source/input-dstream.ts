import { source } from "@millrace/plan";
import { transformResult } from "../errors.ts";
import { DRIVER_ONLY, INPUT_REMEDY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { NodeBatch } from "../graph/stream-node.ts";
import { runAuthorCode } from "../job/author-code.ts";
import { datasetOf, lineageIn } from "../operations/dataset.ts";
import type { RDD } from "../rdd/rdd.ts";
import { kindOf } from "../refusal/not-given.ts";
import { addInputLife } from "./input-life.ts";
import { type GivenRdd, UnloggedInput } from "./input-node.ts";

/**
 * A custom source on the driver: extend it, and pass an instance to `ssc.inputStream`. For sources that can report in
 * each batch what is new, such as a table with a growing column; a source that must listen is a `Receiver`.
 */
export abstract class InputDStream<out T> {
  get [DRIVER_ONLY]() {
    return INPUT_REMEDY;
  }

  /** Called once, before the first batch, which waits for it. An error ends the job. */
  start(): void | Promise<void> {}

  /**
   * Called once in each batch, in order. The RDD may be one returned before.
   *
   * @param time The batch time, in epoch ms.
   * @returns `undefined`: nothing is new, and the batch is empty.
   */
  abstract compute(time: number): RDD<T> | undefined | Promise<RDD<T> | undefined>;

  /** Called once, when no batch follows and the job ends normally: not when it is killed. */
  stop(): void | Promise<void> {}
}

/** The same RDD in every batch. */
export class ConstantInputDStream<out T> extends InputDStream<T> {
  readonly #rdd: RDD<T>;

  constructor(rdd: RDD<T>) {
    super();
    this.#rdd = rdd;
  }

  override compute(): RDD<T> {
    return this.#rdd;
  }
}

/** The stream of an {@link InputDStream}. */
export class InputStream extends UnloggedInput {
  readonly label: string;
  readonly #input: InputDStream<unknown>;

  constructor(graph: GraphBuilder, input: InputDStream<unknown>) {
    super(graph);
    const label = `inputStream ${input.constructor.name}`;
    this.label = label;
    this.#input = input;
    if (!(input instanceof ConstantInputDStream)) graph.requirePolling();
    addInputLife(graph, label, input);
  }

  protected async take({ time }: NodeBatch): Promise<GivenRdd> {
    const { label } = this;
    const code = { what: `compute of ${label}`, outcome: "The batch fails." };
    const made: unknown = await runAuthorCode(code, () => this.#input.compute(time));
    if (made === undefined) return { lineage: source("blocks", [], label), records: 0 };
    if (datasetOf(made) !== undefined) {
      return { lineage: lineageIn(this.graph.context, made, label), records: 0 };
    }
    throw transformResult(
      `compute of ${label} returned ${kindOf(made)} for batch ${time}, not an RDD. ` +
        "The batch fails. Return an RDD, or undefined when there is nothing.",
    );
  }
}
