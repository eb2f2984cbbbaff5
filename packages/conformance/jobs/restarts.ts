// Saves the words of files and their running totals; a batch stops at a gate in a task, in an output, and in its commit.
import { defineJob, saveExternal } from "millrace";
import { driverGate, gate } from "./gate.ts";

const add = (a: number, b: number): number => a + b;

export default defineJob({ name: "restarts", batchInterval: "200ms" }, (ssc, [directory = "", gates = "0"]) => {
  const port = Number(gates);
  ssc.checkpoint(`${directory}/checkpoint`);
  const words = ssc.textFileStream(`${directory}/in`).mapPartitions((some) => gate(port, "task", some));
  words.saveAsTextFiles(`${directory}/out/words`);
  saveExternal(words, {
    label: "gate",
    options: undefined,
    open: () => {
      let records = 0;
      return {
        write: (some) => {
          records += some.length;
        },
        prepare: () => records,
      };
    },
    commit: (_, written) => driverGate(port, "commit", written.reduce(add, 0)),
  });
  words
    .map((word): [string, number] => [word, 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce(add, total))
    .map(([word, total]) => `${word}=${total}`)
    .saveAsTextFiles(`${directory}/out/totals`);
  words.foreachRDD(async (rdd) => driverGate(port, "output", await rdd.count()));
});
