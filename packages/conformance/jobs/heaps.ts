// Prints the heap limits of its threads: `slot 152, driver 348`, in MiB. Its settings ask for 128 and 300; V8 adds a little.
import { getHeapStatistics } from "node:v8";
import { defineJob } from "millrace";

const limitMiB = (): number => Math.round(getHeapStatistics().heap_size_limit / 2 ** 20);

export default defineJob(
  {
    name: "heaps",
    batchInterval: "100ms",
    conf: { "executor.slot.heap": "128m", "driver.heap": "300m", "storage.pool.bytes": "32m" },
  },
  (ssc) => {
    console.log("building");
    ssc
      .queueStream([[1]])
      .map(limitMiB)
      .foreachRDD(async (rdd) => {
        const [slot] = await rdd.collect();
        if (slot === undefined) return;
        console.log(`slot ${slot}, driver ${limitMiB()}`);
        void ssc.stop();
      });
  },
);
