// Copies a topic exactly once; each copy has the time at which the broker appended its record. Arguments: brokers, from, to, directory.
import { join } from "node:path";
import { kafkaStream, saveToKafka } from "@millrace/kafka";
import { defineJob } from "millrace";

export default defineJob(
  { name: "bench-kafka-copy", batchInterval: "10ms" },
  (ssc, [brokers = "", from = "", to = "", directory = ""]) => {
    ssc.checkpoint(join(directory, "checkpoint"));
    const appended = kafkaStream(ssc, { brokers, topics: from, startingOffsets: "earliest" }).named("from");
    saveToKafka(
      appended.map(({ timestamp }) => ({ value: String(timestamp) })),
      { brokers, topic: to, transactionalId: to },
    ).named("to");
  },
);
