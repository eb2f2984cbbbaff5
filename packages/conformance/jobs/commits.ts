// Saves running totals of one word, before and after an output whose task stops at a gate with the records of its batch.
import { defineJob } from "millrace";
import { gate } from "./gate.ts";

const add = (a: number, b: number): number => a + b;

export default defineJob({ name: "commits", batchInterval: "100ms" }, (ssc, [directory = "", gates = "0"]) => {
  const gatePort = Number(gates);
  const totals = ssc
    .queueStream([], { default: ["word"] })
    .map((word): [string, number] => [word, 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce(add, total), 1);
  totals.saveAsTextFiles(`${directory}/before`);
  totals.mapPartitions((some) => gate(gatePort, "between", some)).foreachRDD((rdd) => rdd.count());
  totals.saveAsTextFiles(`${directory}/after`);
});
