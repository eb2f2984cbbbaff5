// The same reading as `jobs/kafka-read.ts` by the bare client, record by record, and nothing else.
// `node dist/plain-kafka-read.js BROKERS TOPIC RECORDS BATCHES`
import { Consumer } from "@platformatic/kafka";
import { reportLine } from "./child.ts";

const [brokers = "", topic = "", records = "0", batches = "1"] = process.argv.slice(2);
const consumer = new Consumer({ clientId: "bench", bootstrapBrokers: [brokers], groupId: topic });
const stream = await consumer.consume({
  topics: [topic],
  mode: "earliest",
  autocommit: false,
  isolationLevel: 1,
  maxBytes: 16 << 20,
  maxBytesPerPartition: 16 << 20,
  highWaterMark: 100_000,
});
let start = performance.now();
let read = 0;
let done = 0;
for await (const { value } of stream) {
  if (value !== undefined) read += 1;
  if (read < Number(records)) continue;
  console.log(reportLine({ ms: performance.now() - start, records: read }));
  done += 1;
  if (done === Number(batches)) break;
  read = 0;
  start = performance.now();
}
await consumer.close(true);
