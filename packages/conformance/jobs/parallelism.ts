// How many partitions there are when nothing says otherwise.
import { defineJob } from "millrace";

export default defineJob({ name: "parallelism", batchInterval: "100ms" }, (ssc) => {
  ssc.queueStream([["a"]]).foreachRDD(async () => {
    const collection = ssc.parallelize([1, 2, 3]);
    console.log(`${ssc.defaultParallelism}, ${await collection.getNumPartitions()}`);
  });
});
