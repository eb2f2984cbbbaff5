import { defineJob } from "@millrace/api";
import { expect, test } from "vitest";
import { testJob } from "./test-job.ts";

test("a compare function that contradicts itself is named, and not the bounds that result", async () => {
  const job = defineJob({ name: "sorts", batchInterval: "1s" }, (ssc) => {
    ssc
      .queueStream([Array.from({ length: 1000 }, (_, i) => i)])
      .transform((rdd) => rdd.sortBy((n) => n, { compare: () => 1, numPartitions: 3 }))
      .print();
  });
  const t = await testJob(job);
  await expect(t.advance("1s")).rejects.toThrow(/\[BAD_COMPARISON\] sortBy: its compare function contradicts itself/);
  await t.stop();
});
