// Groups, joins, sorts and combines more than the heap of a slot holds, and checks what comes out. Says for each what it
// found, `group 5000 of 200000`, once.
import { defineJob } from "millrace";

const PARTS = 20;
const RECORDS = 200_000;
const KEYS = 5000;
const HOT = 1_000_000;
/** What makes the records of one of two partitions more than the heap of a slot. */
const PADDING = "some text that fills the memory, and is different in every record, ".repeat(6);

export default defineJob({ name: "memory", batchInterval: "200ms" }, (ssc) => {
  ssc.queueStream([[1]]).foreachRDD(async (rdd) => {
    if (await rdd.isEmpty()) return;
    const numbers = (count: number) =>
      ssc.range(0, PARTS, 1, 4).flatMap(function* (part) {
        for (let n = part; n < count; n += PARTS) yield n;
      });
    const pairs = numbers(RECORDS).map((n): [number, string] => [(n * 7919) % KEYS, `${PADDING}${n}`]);

    const sizes = await pairs
      .groupByKey(2)
      .mapValues((texts) => texts.length)
      .collect();
    console.log(`group ${sizes.length} of ${sizes.reduce((sum, [, size]) => sum + size, 0)}`);

    const others = numbers(KEYS).map((n): [number, number] => [n, n]);
    const joined = await pairs
      .join(others, 2)
      .filter(([key, [text, other]]) => key === other && text.startsWith("some"));
    console.log(`join ${await joined.count()}`);

    const ordered = await pairs
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
    console.log(`sort ${ordered.reduce((sum, count) => sum + count, 0)}`);

    const hot = await numbers(HOT)
      .map((n): [string, number] => ["hot", n])
      .groupByKey(2)
      .mapValues((values) => values.length)
      .collect();
    console.log(`hot ${JSON.stringify(hot)}`);
  });
});
