// State of many keys with a long text each, more of them in each batch: `KEYS DIRECTORY`. Ends when every key is there, and prints
// `KEYS keys, LENGTH characters`.
import { defineJob } from "millrace";

const ADDED = 2_000;
const TEXT = "some text that fills the heap, and is different for every key; ".repeat(16);

export default defineJob(
  { name: "large-state", batchInterval: "5ms", conf: { "executor.slot.heap": "48m", "shuffle.spill.bytes": "8m" } },
  (ssc, args) => {
    const [keys = "0", directory = ""] = args;
    const all = Number(keys);
    ssc.checkpoint(directory);
    let batches = 0;
    ssc
      .rateStream(ADDED * 200)
      .map(({ value }): [string, number] => [`key ${value % all}`, value])
      .updateStateByKey<string>(([value], text = `${value}: ${TEXT}`) => text, { onlyUpdated: true, numPartitions: 1 })
      .named("texts")
      .foreachRDD(async (rdd) => {
        await rdd.foreachPartition(() => undefined);
        if (++batches * ADDED < all) return;
        const [count, length] = await rdd
          .map(([, text]): [number, number] => [1, text.length])
          .reduce(([a, b], [c, d]) => [a + c, b + d]);
        console.log(`${count} keys, ${length} characters`);
        void ssc.stop();
      });
  },
);
