// The first batch of a job at 100 ms: how long a user waits for it.
import { defineJob } from "millrace";
import { report, wallMs } from "./report.ts";

const words = Array.from({ length: 100 }, (_, i) => `word-${i % 17}`);

export default defineJob({ name: "bench-start-up", batchInterval: "100ms" }, (ssc) => {
  ssc
    .queueStream<string>([], { default: words })
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd) => {
      await rdd.collect();
      report({ at: wallMs() });
    });
});
