// Receives a thousand records and waits for files, all within a batch interval that no test waits for.
import { defineJob } from "millrace";

export default defineJob({ name: "received", batchInterval: "10m" }, (ssc, [directory = ""]) => {
  const records = ssc.iterableStream(async function* (signal) {
    for (let i = 0; i < 1_000; i++) yield `record ${i}`;
    console.log("all records are read");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  records.union(ssc.textFileStream(directory)).foreachRDD(async (rdd) => console.log(`counted ${await rdd.count()}`));
});
