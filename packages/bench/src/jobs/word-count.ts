// Word count of cached lines; the top ten go to the driver.
import { defineJob } from "millrace";
import { cachedLines } from "../zipf-text.ts";
import { report, wallMs } from "./report.ts";

/** The ten most frequent words of a partition, and its total number of words. */
function topTen(pairs: Iterable<readonly [string, number]>): readonly [string, number][] {
  const top: [string, number][] = [];
  let total = 0;
  for (const [word, count] of pairs) {
    total += count;
    if (top.length === 10 && count <= (top[9]?.[1] ?? 0)) continue;
    top.push([word, count]);
    top.sort((a, b) => b[1] - a[1]);
    top.length = Math.min(top.length, 10);
  }
  return [["", total], ...top];
}

export default defineJob({ name: "bench-word-count", batchInterval: "10ms" }, (ssc, args) => {
  const lines = Number(args[0] ?? 1_000_000);
  const partitions = Number(args[1] ?? 2);
  const seeds = Array.from({ length: partitions }, (_, i) => i + 1);
  const perPartition = Math.ceil(lines / partitions);
  ssc
    .queueStream<number>([], { default: seeds })
    .flatMap((seed) => cachedLines(seed, perPartition))
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1])
    .reduceByKey((a, b) => a + b)
    .foreachRDD(async (rdd, time) => {
      const start = performance.now();
      const tops = await rdd.mapPartitions(topTen).collect();
      const ms = performance.now() - start;
      const words = tops.reduce((sum, [word, count]) => (word === "" ? sum + count : sum), 0);
      report({ ms, lagMs: wallMs() - time, words });
    });
});
