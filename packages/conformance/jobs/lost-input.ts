// A batch whose task stands at a gate, and lines of a socket that one executor alone keeps: they go to the batches that
// wait behind it, each of which says how many it was given and how many it read.
import { defineJob, StorageLevel } from "millrace";
import { gate } from "./gate.ts";

const conf = { "batches.allocated.max": 1000 };

export default defineJob({ name: "lost-input", batchInterval: "100ms", conf }, (ssc, [port, gatePort]) => {
  ssc.addStreamingListener({
    onBatchSubmitted({ batchInfo: { batchTime, numRecords } }) {
      if (numRecords > 0) console.log(`batch ${batchTime} was given ${numRecords} lines`);
    },
  });
  ssc
    .queueStream([["first"]])
    .mapPartitions((some) => gate(Number(gatePort), "first", some))
    .foreachRDD((rdd) => rdd.count());
  ssc.socketTextStream("127.0.0.1", Number(port), StorageLevel.MEMORY_ONLY).foreachRDD(async (rdd, time) => {
    console.log(`batch ${time} read ${await rdd.count()} lines`);
  });
});
