// Reads a topic, values as bytes, so many records a batch. Arguments: brokers, topic, records.
import { kafkaStream } from "@millrace/kafka";
import { defineJob } from "millrace";
import { report } from "./report.ts";

export default defineJob(
  { name: "bench-kafka-read", batchInterval: "10ms" },
  (ssc, [brokers = "", topic = "", records]) => {
    kafkaStream(ssc, { brokers, topics: topic, startingOffsets: "earliest", maxRecordsPerBatch: Number(records) })
      .map(({ value }) => (value === null ? 0 : 1))
      .foreachRDD(async (rdd) => {
        const start = performance.now();
        const read = await rdd.reduce((a, b) => a + b);
        if (read !== undefined) report({ ms: performance.now() - start, records: read });
      });
  },
);
