import type { OutputOperation } from "../graph/graph-builder.ts";
import { runAuthorCode } from "../job/author-code.ts";
import type { GraphStream } from "../operations/graph-stream.ts";
import { checkBody } from "../operations/transforming.ts";
import { RDD } from "../rdd/rdd.ts";

/** Declares an output operation that calls a function of the driver with each batch's RDD. @throws BAD_ARGUMENT */
export function foreachRDD<T>(
  { context, graph, node }: GraphStream,
  body: (rdd: RDD<T>, time: number, id: string) => unknown,
): OutputOperation {
  checkBody(body, "foreachRDD");
  return graph.output("foreachRDD", node, async (lineage, scope, _, { id }) => {
    const rdd = new RDD<T>(context, lineage);
    const about = { what: "the body of foreachRDD", outcome: "The batch fails." };
    await runAuthorCode(about, () => body(rdd, scope.time, id));
  });
}
