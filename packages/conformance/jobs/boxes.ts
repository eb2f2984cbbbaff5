// Reads, keeps state and saves on a file system that a module of its own brings.
import { defineJob } from "millrace";
import "./box/box-files.ts";

export default defineJob(
  { name: "boxes", batchInterval: "200ms", checkpointDir: "box://bucket/checkpoint" },
  (ssc, [place = ""]) => {
    const lines = ssc.textFileStream(`${place}/in/{plain,zipped}`);
    lines.saveAsTextFiles(`${place}/lines`);
    lines
      .filter((line) => line !== "")
      .map((line) => [line, 1] as const)
      .updateStateByKey((ones, sum: number | undefined) => ones.reduce((a, b) => a + b, sum ?? 0))
      .foreachRDD(async (rdd, time) => {
        for (const [line, count] of await rdd.collect()) console.log(`count ${line} ${count}`);
        if ((await rdd.count()) < 3) return;
        const objects = `${place}/objects-${time}`;
        await rdd.saveAsObjectFile(objects);
        console.log(`objects ${await ssc.objectFile<[string, number]>(objects).values().sum()}`);
        for (const [path, text] of await ssc.wholeTextFiles(`${place}/in/p*`).collect()) {
          console.log(`whole ${path} ${text.length}`);
        }
        console.log(`bytes ${await ssc.binaryRecords(`${place}/in/plain/new`, 4).count()}`);
      });
  },
);
