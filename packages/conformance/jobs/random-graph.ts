// A graph of streams given as data: the argument is the path of its JSON. Prints the records of each output in each batch.
import { readFileSync } from "node:fs";
import { defineJob } from "millrace";
import { buildGraph } from "./graph/build.ts";
import type { AnyContext, Graph } from "./graph/graph.ts";
import { fromJson } from "./graph/json.ts";

export default defineJob({ name: "random-graph", batchInterval: "100ms" }, (ssc, [path = ""]) => {
  const graph = fromJson(JSON.parse(readFileSync(path, "utf8"))) as Graph; // as the test wrote it
  // The context has more than graphs use, and types that no data can have.
  buildGraph(ssc as unknown as AnyContext, graph, (output) => console.log(`output ${JSON.stringify(output)}`));
});
