// The same writing as `jobs/kafka-write.ts` by the bare producer: idempotent, a thousand records at a time.
// `node dist/plain-kafka-write.js BROKERS TOPIC RECORDS BATCHES`
import { Producer } from "@platformatic/kafka";
import { reportLine } from "./child.ts";

const AT_ONCE = 1_000;

const [brokers = "", topic = "", records = "0", batches = "1"] = process.argv.slice(2);
const producer = new Producer({ clientId: "bench", bootstrapBrokers: [brokers], idempotent: true });
const text = "x".repeat(100);
for (let batch = 0; batch < Number(batches); batch++) {
  const start = performance.now();
  for (let left = Number(records); left > 0; left -= AT_ONCE) {
    const messages = Array.from({ length: AT_ONCE }, () => ({ topic, partition: 0, value: Buffer.from(text) }));
    await producer.send({ messages, acks: -1 });
  }
  console.log(reportLine({ ms: performance.now() - start, records: Number(records) }));
}
await producer.close();
