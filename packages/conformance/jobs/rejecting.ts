// Does not await a promise that rejects, at the third record; prints the thread that it runs in.
import { threadId } from "node:worker_threads";
import { defineJob } from "millrace";

export default defineJob({ name: "rejecting", batchInterval: "200ms" }, (ssc) => {
  const numbers = Array.from({ length: 50 }, (_, i) => [i + 1]);
  ssc
    .queueStream(numbers)
    .map((n) => {
      if (n === 3) void Promise.reject(new Error("nobody awaits"));
      return `${n} in thread ${threadId}`;
    })
    .foreachRDD(async (rdd) => console.log((await rdd.collect()).join()));
});
