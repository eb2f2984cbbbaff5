// Running word totals of a socket, each batch as one line of JSON.
import { defineJob } from "millrace";

export default defineJob({ name: "totals", batchInterval: "100ms" }, (ssc, args) => {
  const [host = "localhost", port = "9999"] = args;
  ssc
    .socketTextStream(host, Number(port))
    .flatMap((line) => line.split(" "))
    .filter((word) => word !== "")
    .map((word) => [word, 1])
    .updateStateByKey<number>((added, total = 0) => added.reduce((sum, n) => sum + n, total))
    .foreachRDD(async (rdd) => {
      const totals = (await rdd.collect()).sort(([a], [b]) => (a < b ? -1 : 1));
      console.log(`totals ${JSON.stringify(Object.fromEntries(totals))}`);
    });
});
