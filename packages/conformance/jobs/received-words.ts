// Saves the words that a socket sends and their running totals, and counts those of a window; a batch stops at a gate in a task.
import { defineJob } from "millrace";
import { gate } from "./gate.ts";

const add = (a: number, b: number): number => a + b;

export default defineJob(
  { name: "received-words", batchInterval: "200ms" },
  (ssc, [directory = "", gates = "0", port = "0"]) => {
    ssc.checkpoint(`${directory}/checkpoint`);
    const words = ssc
      .socketTextStream("127.0.0.1", Number(port))
      .named("words")
      .mapPartitions((some) => gate(Number(gates), "task", some));
    words.saveAsTextFiles(`${directory}/out/words`);
    words
      .map((word): [string, number] => [word, 1])
      .updateStateByKey<number>((added, total = 0) => added.reduce(add, total))
      .map(([word, total]) => `${word}=${total}`)
      .saveAsTextFiles(`${directory}/out/totals`);
    words
      .window("10m")
      .map((word): [string, number] => [word, 1])
      .reduceByKey(add)
      .map(([word, count]) => `${word}=${count}`)
      .saveAsTextFiles(`${directory}/out/window`);
  },
);
