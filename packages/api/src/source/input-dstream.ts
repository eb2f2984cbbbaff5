import { source } from "@millrace/plan";
import { runAuthorCode } from "../author-code.ts";
import type { BatchScope } from "../batch-scope.ts";
import { transformResult } from "../errors.ts";
import { DRIVER_ONLY, INPUT_REMEDY } from "../function/driver-only.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { kindOf } from "../not-given.ts";
import { datasetOf, lineageIn } from "../operations/dataset.ts";
import type { RDD } from "../rdd/rdd.ts";
import type { StreamNode } from "../stream-node.ts";
import { addInputLife } from "./input-life.ts";

/**
 * A source of your own on the driver: extend it, and hand an instance to `ssc.inputStream`. For sources that can say in
 * each batch what is new, such as a table with a column that grows; what has to listen is a `Receiver`.
 */
export abstract class InputDStream<out T> {
  get [DRIVER_ONLY]() {
    return INPUT_REMEDY;
  }

  /** Called once, before the first batch, which waits for it. What it throws ends the job. */
  start(): void | Promise<void> {}

  /**
   * Called once in each batch, in order. The RDD may be one that was given before.
   *
   * @param time The batch's time, in epoch ms.
   * @returns `undefined`: nothing is new, and the batch is empty.
   */
  abstract compute(time: number): RDD<T> | undefined | Promise<RDD<T> | undefined>;

  /** Called once, when no batch follows and the job ends in an orderly way: not when it is killed. */
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
export function inputNode(graph: GraphBuilder, input: InputDStream<unknown>): StreamNode {
  const label = `inputStream ${input.constructor.name}`;
  const { context } = graph;
  addInputLife(graph, label, input);
  const node: StreamNode = {
    label,
    parents: [],
    slideMs: graph.batchIntervalMs,
    async compute(scope: BatchScope) {
      const { time } = scope;
      const code = { what: `compute of ${label}`, outcome: "The batch fails." };
      const made: unknown = await runAuthorCode(code, () => input.compute(time));
      scope.reports.set(node, { numRecords: 0 });
      if (made === undefined) return source("blocks", [], label);
      if (datasetOf(made) !== undefined) return lineageIn(context, made, label);
      throw transformResult(
        `compute of ${label} returned ${kindOf(made)} for batch ${time}, not an RDD. ` +
          "The batch fails. Return an RDD, or undefined when there is nothing.",
      );
    },
  };
  graph.inputs.push(node);
  if (!(input instanceof ConstantInputDStream)) graph.polls = true;
  return node;
}
