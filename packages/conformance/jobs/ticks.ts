// A healthy neighbour: counts its batches and says each.
import { defineJob } from "millrace";

export default defineJob({ name: "ticks", batchInterval: "100ms" }, (ssc) => {
  let batches = 0;
  ssc.queueStream([], { default: ["a", "b", "c"] }).foreachRDD(async (rdd) => {
    batches += 1;
    console.log(`tick ${batches} ${await rdd.count()}`);
  });
});
