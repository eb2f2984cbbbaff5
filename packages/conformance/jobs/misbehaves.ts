// Fails in the way its argument says, after a few good batches.
import { execFileSync } from "node:child_process";
import { defineJob } from "millrace";

/** Stays in a native call, which cannot be interrupted; the awaited program ends with the waiting process. */
function block(): number {
  return execFileSync("sh", ["-c", 'while kill -0 "$PPID" 2>&-; do sleep 1; done']).length;
}

// How a task ends is looked at, and not how long its job pauses before the next attempt.
const conf = { "task.retry.delay.min": 0 };

export default defineJob({ name: "misbehaves", batchInterval: "100ms", conf }, (ssc, [how = "throws"]) => {
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
        await rdd.map((n) => block() + n).collect();
        break;
      case "blocks-in-driver":
        block();
        break;
      case "exits":
        await rdd.map((n) => process.exit(n)).collect();
        break;
      case "exits-driver":
        process.exit(3);
        break;
      case "collects-too-many":
        await rdd
          .flatMap((n) => Array.from({ length: 300_000 }, (_, i) => [n, i, `a record of some length ${i}`]))
          .collect();
        break;
      case "collects-too-large":
        await rdd.flatMap(() => [new Uint8Array(1 << 20)]).collect();
        break;
      case "groups-too-many":
        await rdd
          .flatMap(() => Array.from({ length: 500_000 }, (_, i) => i))
          .map((i) => ["all", `a value of some length, not twice the same: ${i}`])
          .groupByKey()
          .mapValues((values) => values.length)
          .collect();
        break;
      case "joins-too-many":
        await rdd
          .flatMap(() => Array.from({ length: 500_000 }, (_, i) => i))
          .map((i) => ["all", `a value of some length, not twice the same: ${i}`])
          .join(rdd.map((n) => ["all", n]))
          .count();
        break;
      case "keeps-too-much":
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
