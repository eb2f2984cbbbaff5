import type { StreamingContext } from "millrace";
import { report, wallMs } from "./report.ts";

/** Keys that each batch touches. */
export const TOUCHED = 10_000;

/**
 * State of a number of keys, one after the other, `TOUCHED` of them in each batch.
 *
 * @param args `DIRECTORY KEYS PARTITIONS [all]`; with `all`, the output counts all keys, and otherwise it reads none.
 */
export function keyedState(ssc: StreamingContext, args: readonly string[], batchesPerSecond: number): void {
  const [directory = "", keys = "10000", partitions = "2", output] = args;
  const all = Number(keys);
  ssc.checkpoint(directory);
  let last: number | undefined;
  ssc
    .rateStream(TOUCHED * batchesPerSecond)
    .map(({ value }) => [value % all, 1])
    .updateStateByKey<number>((added, total = 0) => total + added.length, {
      onlyUpdated: true,
      numPartitions: Number(partitions),
    })
    .named("totals")
    .foreachRDD(async (rdd) => {
      const start = performance.now();
      const counted = output === "all" ? await rdd.count() : 0;
      if (output !== "all") await rdd.foreachPartition(() => undefined);
      const end = performance.now();
      report({ ms: end - start, turnMs: end - (last ?? start), at: wallMs(), keys: counted });
      last = end;
    });
}
