// Groups, joins, sorts and combines more than the heap of a slot holds, in one batch each, and checks the results. Prints
// these, `group 5000 of 200000`, the bytes that the batch spilled, `spilled 80000000`, and at the end the peak memory of a
// slot's process in bytes, `peak 250000000`.
import { defineJob, type RDD } from "millrace";

const PARTS = 20;
const RECORDS = 200_000;
const KEYS = 5000;
const HOT = 1_000_000;
/** Makes the records of one of two partitions exceed the heap of a slot. */
const PADDING = "some text that fills the memory, and is different in every record, ".repeat(6);

export default defineJob({ name: "memory", batchInterval: "200ms" }, (ssc) => {
  const numbers = (count: number): RDD<number> =>
    ssc.range(0, PARTS, 1, 4).flatMap(function* (part) {
      for (let n = part; n < count; n += PARTS) yield n;
    });
  const pairs = (): RDD<[number, string]> => numbers(RECORDS).map((n) => [(n * 7919) % KEYS, `${PADDING}${n}`]);

  const cases: Readonly<Record<string, () => Promise<string>>> = {
    async group() {
      const sizes = await pairs()
        .groupByKey(2)
        .mapValues((texts) => texts.length)
        .collect();
      return `${sizes.length} of ${sizes.reduce((sum, [, size]) => sum + size, 0)}`;
    },
    async join() {
      const others = numbers(KEYS).map((n): [number, number] => [n, n]);
      const joined = await pairs()
        .join(others, 2)
        .filter(([key, [text, other]]) => key === other && text.startsWith("some"))
        .count();
      return String(joined);
    },
    async sort() {
      const ordered = await pairs()
        .sortByKey({ numPartitions: 2 })
        .mapPartitions((records) => {
          let last = -1;
          let count = 0;
          for (const [key] of records) {
            if (key < last) throw new Error(`${key} comes after ${last}`);
            last = key;
            count += 1;
          }
          return [count];
        })
        .collect();
      return String(ordered.reduce((sum, count) => sum + count, 0));
    },
    async hot() {
      const hot = await numbers(HOT)
        .map((n): [string, number] => ["hot", n])
        .groupByKey(2)
        .mapValues((values) => values.length)
        .collect();
      return JSON.stringify(hot);
    },
    async peak() {
      const kilobytes = await numbers(PARTS)
        .map(() => process.resourceUsage().maxRSS)
        .max();
      return String(kilobytes * 1024);
    },
  };

  ssc.addStreamingListener({
    onBatchCompleted: ({ batchInfo }) => console.log(`spilled ${batchInfo.spilledBytes}`),
  });
  ssc.queueStream(Object.keys(cases).map((name) => [name])).foreachRDD(async (rdd) => {
    for (const name of await rdd.collect()) console.log(`${name} ${await cases[name]?.()}`);
  });
});
