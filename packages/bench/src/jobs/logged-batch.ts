// The chat room's shape, as fast as it goes: the time from one batch's output to the next is a whole batch with its commit.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { defineJob } from "millrace";
import { report } from "./report.ts";

const words = Array.from({ length: 100 }, (_, i) => `word-${i % 17}`);

export default defineJob({ name: "bench-logged-batch", batchInterval: "1ms" }, (ssc, [directory]) => {
  if (directory !== undefined) {
    rmSync(directory, { recursive: true, force: true });
    ssc.checkpoint(join(directory, "checkpoint"));
  }
  let last: number | undefined;
  ssc
    .rateStream(100_000)
    .map(({ value }) => [words[value % words.length] ?? "", 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
    .foreachRDD(async (rdd) => {
      const counts = await rdd.collect();
      const now = performance.now();
      if (last !== undefined) report({ ms: now - last, words: counts.length });
      last = now;
    });
});
