// Fails in the way its argument says, after a few good batches.
import { execFileSync } from "node:child_process";
import { defineJob } from "millrace";

export default defineJob({ name: "misbehaves", batchInterval: "100ms" }, (ssc, [how = "throws"]) => {
  const records = ssc.queueStream([], { default: [1, 2, 3, 4] });
  let batch = 0;
  records.foreachRDD(async (rdd) => {
    batch += 1;
    console.log(`batch ${batch}`);
    if (batch < 3) return;
    switch (how) {
      case "throws":
        await rdd
          .map((n) => {
            if (n === 3) throw new RangeError("three is too much");
            return n;
          })
          .collect();
        break;
      case "throws-in-driver":
        throw new Error("not on my watch");
      case "loops":
        await rdd
          .map((n) => {
            for (;;) if (n < 0) return n;
          })
          .collect();
        break;
      case "blocks":
        await rdd.map((n) => execFileSync("sleep", ["600"]).length + n).collect();
        break;
      case "exits":
        await rdd.map((n) => process.exit(n)).collect();
        break;
      case "exits-driver":
        process.exit(3);
        break;
      case "driver-memory":
        await rdd
          .flatMap((n) => Array.from({ length: 300_000 }, (_, i) => [n, i, `a record of some length ${i}`]))
          .collect();
        break;
      case "executor-memory":
        await rdd
          .flatMap(() => Array.from({ length: 1_000 }, (_, i) => i))
          .mapPartitions((numbers) => {
            const kept: unknown[] = [];
            for (;;) for (const n of numbers) kept.push(new Array<number>(1_000_000).fill(n));
          })
          .count();
        break;
    }
  });
});
