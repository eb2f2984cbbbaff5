// Reads a file of records of 100 bytes in each batch. Arguments: its path, its bytes.
import "@millrace/hdfs";
import "@millrace/s3";
import { defineJob } from "millrace";
import { report } from "./report.ts";

export default defineJob({ name: "bench-store-read", batchInterval: "10ms" }, (ssc, [path = "", bytes]) => {
  const records = ssc.binaryRecords(path, 100);
  ssc.queueStream<number>([], { default: [0] }).foreachRDD(async () => {
    const start = performance.now();
    const count = await records.count();
    if (count * 100 !== Number(bytes)) throw new Error(`${count} records in ${bytes} bytes`);
    report({ ms: performance.now() - start, bytes: count * 100 });
  });
});
