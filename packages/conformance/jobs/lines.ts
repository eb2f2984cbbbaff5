// Every line of a socket, as JSON.
import { defineJob } from "millrace";

export default defineJob({ name: "lines", batchInterval: "100ms" }, (ssc, [port]) => {
  ssc.socketTextStream("127.0.0.1", Number(port)).foreachRDD(async (rdd) => {
    for (const line of await rdd.collect()) console.log(`line ${JSON.stringify(line)}`);
  });
});
