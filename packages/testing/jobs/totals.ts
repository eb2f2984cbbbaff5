// Running word totals of a socket, each batch as one line of JSON: kept as state, or reduced over a window that is longer
// than any test. With a gate port, its tasks stop at "map" with their lines, and at "reduce" with their counts, in the
// stage that owns the state.
import { type DStream, defineJob } from "millrace";
import { gate } from "./gate.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;

const totals: Readonly<Record<string, (counts: DStream<[string, number]>) => DStream<[string, number]>>> = {
  state: (counts) => counts.updateStateByKey<number>((added, total = 0) => added.reduce(add, total), 6),
  window: (counts) => counts.reduceByKeyAndWindow(add, "10m", undefined, 6),
  inverse: (counts) => counts.reduceByKeyAndWindow(add, subtract, "10m", undefined, 6),
};

export default defineJob({ name: "totals", batchInterval: "100ms" }, (ssc, args) => {
  const [host = "localhost", port = "9999", gates = "0", how = "state"] = args;
  const gatePort = Number(gates);
  const counts = ssc
    .socketTextStream(host, Number(port))
    .mapPartitions((lines) => gate(gatePort, "map", lines))
    .flatMap((line) => line.split(" "))
    .filter((word) => word !== "")
    .map((word) => [word, 1])
    .reduceByKey(add, 6)
    .mapPartitions((some) => gate(gatePort, "reduce", some), true);
  totals[how]?.(counts).foreachRDD(async (rdd) => {
    const all = (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));
    console.log(`totals ${JSON.stringify(Object.fromEntries(all))}`);
  });
});
