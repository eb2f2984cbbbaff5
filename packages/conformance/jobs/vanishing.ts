// Takes the file of a directory away once it has been listed, before the tasks that count its lines open it.
import { rmSync } from "node:fs";
import { defineJob } from "millrace";

const conf = { "task.retry.delay.min": 0 }; // the file does not come back

export default defineJob({ name: "vanishing", batchInterval: "100ms", conf }, (ssc, [directory = "", file = ""]) => {
  ssc
    .textFileStream(directory)
    .transform(async (rdd) => {
      if ((await rdd.take(1)).length > 0) rmSync(file, { force: true });
      return rdd;
    })
    .foreachRDD(async (rdd) => console.log(`lines ${await rdd.count()}`));
});
