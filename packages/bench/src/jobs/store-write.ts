// Saves lines of 100 bytes in each batch, as one file. Arguments: a directory, bytes.
import "@millrace/hdfs";
import "@millrace/s3";
import { defineJob } from "millrace";
import { report } from "./report.ts";

const line = "x".repeat(99);

export default defineJob({ name: "bench-store-write", batchInterval: "10ms" }, (ssc, [place = "", bytes]) => {
  const count = Number(bytes) / 100;
  ssc
    .queueStream<number>([], { default: [0] })
    .transform((rdd) => rdd.coalesce(1))
    .foreachRDD(async (rdd, time) => {
      const start = performance.now();
      await rdd.flatMap(() => Array.from({ length: count }, () => line)).saveAsTextFile(`${place}/${time}`);
      report({ ms: performance.now() - start, bytes: Number(bytes) });
    });
});
