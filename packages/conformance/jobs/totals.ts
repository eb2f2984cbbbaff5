// Running word totals of a socket, each batch as one line of JSON: kept as state, or reduced over a window that is longer
// than any test. With a gate port, its tasks stop at "map" with their lines, at "reduce" with their counts, in the stage
// that owns the state, and where the totals are mapped at "mapped", after the update of the state.
import { type DStream, defineJob, type State } from "millrace";
import { gate } from "./gate.ts";

const add = (a: number, b: number): number => a + b;
const subtract = (a: number, b: number): number => a - b;

type Counts = DStream<[string, number]>;

const totals: Readonly<Record<string, (counts: Counts, gatePort: number) => Counts>> = {
  state: (counts) => counts.updateStateByKey<number>((added, total = 0) => added.reduce(add, total), 6),
  window: (counts) => counts.reduceByKeyAndWindow(add, "10m", undefined, 6),
  inverse: (counts) => counts.reduceByKeyAndWindow(add, subtract, "10m", undefined, 6),
  mapped: (counts, gatePort) => {
    const running = counts.mapWithState(
      (word, count = 0, state: State<{ total: number }>) => {
        const total = (state.getOption()?.total ?? 0) + count;
        state.update({ total });
        return [word, total];
      },
      { numPartitions: 6, timeout: "10m" },
    );
    running.mapPartitions((some) => gate(gatePort, "mapped", some)).foreachRDD((rdd) => rdd.count());
    return running.stateSnapshots().mapValues(({ total }) => total);
  },
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
  totals[how]?.(counts, gatePort).foreachRDD(async (rdd) => {
    const all = (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));
    console.log(`totals ${JSON.stringify(Object.fromEntries(all))}`);
  });
});
