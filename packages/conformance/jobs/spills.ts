// Groups more records than `shuffle.spill.bytes` lets a task keep in memory, in one batch, and says what it found.
import { defineJob } from "millrace";

const RECORDS = 20_000;
const KEYS = 100;
const PADDING = "some text that takes its room, and is different in every record, ".repeat(2);

export default defineJob({ name: "spills", batchInterval: "200ms" }, (ssc) => {
  ssc
    .queueStream([[1]])
    .flatMap(function* () {
      for (let n = 0; n < RECORDS; n++) yield n;
    })
    .map((n): [number, string] => [n % KEYS, `${PADDING}${n}`])
    .groupByKey(2)
    .mapValues((texts) => texts.length)
    .foreachRDD(async (rdd) => {
      const sizes = await rdd.collect();
      if (sizes.length > 0) console.log(`grouped ${sizes.length} of ${sizes.reduce((sum, [, size]) => sum + size, 0)}`);
    });
});
