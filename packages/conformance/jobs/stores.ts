// Counts the lines of files, with its state in a checkpoint, and saves them: all of it at one place, on any file system.
import { defineJob } from "millrace";
import "@millrace/hdfs";
import "@millrace/s3";

export default defineJob({ name: "stores", batchInterval: "3s" }, (ssc, [place = ""]) => {
  ssc.checkpoint(`${place}/checkpoint`);
  const lines = ssc
    .textFileStream(`${place}/in`)
    .named("lines")
    .filter((line) => line !== "");
  lines.saveAsTextFiles(`${place}/out/lines`).named("saved");
  lines
    .map((line) => [line, 1] as const)
    .updateStateByKey((ones, sum: number | undefined) => ones.reduce((a, b) => a + b, sum ?? 0))
    .named("counts")
    .foreachRDD(async (rdd) => {
      const counts = await rdd.map((pair) => pair.join("=")).collect();
      console.log(`counts ${counts.sort().join(" ")}`);
    });
});
