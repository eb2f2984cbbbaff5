// Writes so many records a batch to a topic, back to back: from one output to the next is a whole batch with its commit.
// Arguments: brokers, topic, records, exactly-once or at-least-once.
import { saveToKafka } from "@millrace/kafka";
import { defineJob } from "millrace";
import { report } from "./report.ts";

const text = "x".repeat(100);

export default defineJob(
  { name: "bench-kafka-write", batchInterval: "1ms" },
  (ssc, [brokers = "", topic = "", records, delivery]) => {
    const count = Number(records);
    let last: number | undefined;
    const seeds = ssc.queueStream<number>([], { default: [0] });
    seeds.foreachRDD(() => {
      const now = performance.now();
      if (last !== undefined) report({ ms: now - last, records: count });
      last = now;
    });
    saveToKafka(
      seeds.flatMap(() => Array.from({ length: count }, () => ({ value: text, partition: 0 }))),
      {
        ...{ brokers, topic, transactionalId: topic },
        delivery: delivery === "at-least-once" ? "at-least-once" : "exactly-once",
      },
    );
  },
);
