// State of many keys, some of them touched in each batch: `KEYS DIRECTORY`. Ends when every key has been touched twice, and prints
// `KEYS keys, sum SUM`.
import { defineJob } from "millrace";

const TOUCHED = 5_000;

export default defineJob(
  { name: "large-state", batchInterval: "5ms", conf: { "executor.slot.heap": "32m", "shuffle.spill.bytes": "4m" } },
  (ssc, args) => {
    const [keys = "0", directory = ""] = args;
    const all = Number(keys);
    ssc.checkpoint(directory);
    let batches = 0;
    ssc
      .rateStream(TOUCHED * 200)
      .map(({ value }): [string, number] => [`the key of ${value % all}, in words that fill the heap`, 1])
      .updateStateByKey<{ readonly times: number; readonly note: string }>(
        (added, { times } = { times: 0, note: "" }) => ({ times: times + added.length, note: "x".repeat(40 + times) }),
        { onlyUpdated: true, numPartitions: 1 },
      )
      .named("totals")
      .foreachRDD(async (rdd) => {
        await rdd.foreachPartition(() => undefined);
        if (++batches * TOUCHED < 2 * all) return;
        const [count, sum] = await rdd
          .map(([, { times }]): [number, number] => [1, times])
          .reduce(([a, b], [c, d]) => [a + c, b + d]);
        console.log(`${count} keys, sum ${sum}`);
        void ssc.stop();
      });
  },
);
