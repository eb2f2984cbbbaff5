// Says each batch twice; the second time fails in batch 2.
import { defineJob } from "millrace";

export default defineJob({ name: "failing", batchInterval: "200ms" }, (ssc) => {
  const words = ssc.queueStream([["a"], ["b"], ["c"]]);
  words.foreachRDD(async (rdd) => console.log(`first ${await rdd.collect()}`));
  words.foreachRDD(async (rdd) => {
    const [word] = await rdd.collect();
    if (word === "b") throw new Error("not this one");
    console.log(`second ${word}`);
  });
});
