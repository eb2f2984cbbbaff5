// Word count of a text file, which is read again in each batch.
import { defineJob } from "millrace";
import { report, wallMs } from "./report.ts";

export default defineJob({ name: "bench-word-count-file", batchInterval: "10ms" }, (ssc, args) => {
  const path = String(args[0]);
  const text = ssc.textFile(path, Number(args[1] ?? 2));
  ssc.queueStream<number>([], { default: [0] }).foreachRDD(async (_, time) => {
    const start = performance.now();
    const counts = text
      .flatMap((line) => line.split(" "))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b);
    const total = await counts.map(([, count]) => count).reduce((a, b) => a + b);
    report({ ms: performance.now() - start, lagMs: wallMs() - time, words: total ?? 0 });
  });
});
