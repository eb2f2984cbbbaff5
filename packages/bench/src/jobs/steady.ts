// Ten batches a second with state, until it is stopped: nothing may accumulate.
import { defineJob } from "millrace";
import { cachedLines } from "../zipf-text.ts";
import { report, wallMs } from "./report.ts";

export default defineJob({ name: "bench-steady", batchInterval: "100ms" }, (ssc, args) => {
  const linesPerBatch = Number(args[0] ?? 1_000);
  const partitions = Number(args[1] ?? 2);
  const seeds = Array.from({ length: partitions }, (_, i) => i + 1);
  const perPartition = Math.ceil(linesPerBatch / partitions);
  ssc
    .queueStream<number>([], { default: seeds })
    .flatMap((seed) => cachedLines(seed, perPartition))
    .flatMap((line) => line.split(" "))
    .map((word) => [word, 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
    .foreachRDD(async (rdd, time) => {
      const start = performance.now();
      const keys = await rdd.count();
      report({ ms: performance.now() - start, lagMs: wallMs() - time, keys });
    });
});
