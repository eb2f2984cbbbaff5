// Running word totals of a socket, each batch as one line of JSON. With a gate port, its tasks stop at "map" with their
// lines, and at "reduce" with their counts, in the stage that owns the state.
import { defineJob } from "millrace";
import { gate } from "./gate.ts";

export default defineJob({ name: "totals", batchInterval: "100ms" }, (ssc, args) => {
  const [host = "localhost", port = "9999", gates = "0"] = args;
  const gatePort = Number(gates);
  ssc
    .socketTextStream(host, Number(port))
    .mapPartitions((lines) => gate(gatePort, "map", lines))
    .flatMap((line) => line.split(" "))
    .filter((word) => word !== "")
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b, 6)
    .mapPartitions((counts) => gate(gatePort, "reduce", counts), true)
    .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total), 6)
    .foreachRDD(async (rdd) => {
      const totals = (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));
      console.log(`totals ${JSON.stringify(Object.fromEntries(totals))}`);
    });
});
