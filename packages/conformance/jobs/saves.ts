// Saves one line to the same place in each batch.
import { defineJob } from "millrace";

export default defineJob({ name: "saves", batchInterval: "100ms" }, (ssc, [directory = ""]) => {
  ssc.queueStream([], { default: ["a line"] }).foreachRDD((rdd) => rdd.saveAsTextFile(directory));
});
