// Receives a thousand lines from a socket and waits for files, all within a batch interval that no test waits for.
import { defineJob } from "millrace";

export default defineJob({ name: "received", batchInterval: "10m" }, (ssc, [port, directory = ""]) => {
  const records = ssc.socketStream("127.0.0.1", Number(port), async function* (chunks) {
    let [rest, count] = ["", 0];
    for await (const chunk of chunks) {
      const lines = (rest + Buffer.from(chunk).toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        yield line;
        count += 1;
        if (count === 1_000) console.log("all records are read");
      }
    }
  });
  records.union(ssc.textFileStream(directory)).foreachRDD(async (rdd) => console.log(`counted ${await rdd.count()}`));
});
