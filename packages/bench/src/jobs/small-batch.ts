// A hundred records through two stages: the time is almost all overhead of the engine.
import { defineJob } from "millrace";
import { report, wallMs } from "./report.ts";

const words = Array.from({ length: 100 }, (_, i) => `word-${i % 17}`);

export default defineJob({ name: "bench-small-batch", batchInterval: "20ms" }, (ssc) => {
  ssc
    .queueStream<string>([], { default: words })
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd, time) => {
      const start = performance.now();
      const counts = await rdd.collect();
      const ms = performance.now() - start;
      report({ ms, lagMs: wallMs() - time, words: counts.reduce((sum, [, count]) => sum + count, 0) });
    });
});
