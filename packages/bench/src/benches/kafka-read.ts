import { fileURLToPath } from "node:url";
import { type Bench, forEngines, type Sample } from "../bench.ts";
import { column, type Report, reportsOf } from "../child.ts";
import { fillTopic, makeTopic } from "../kafka-topic.ts";
import { runJob } from "../millrace.ts";
import { server } from "../servers.ts";
import { shareOfClient } from "../share-of-client.ts";
import { median } from "../statistics.ts";

const RECORDS = 200_000;
const BATCHES = 10;
const WARM_UP = 3;
const BYTES = 100;

/** The Kafka source beside the client that it stands on. */
export const kafkaRead: Bench = {
  name: "kafka-read",
  what: "batches of 200,000 records of 100 bytes from one partition of Kafka, values as bytes; the bare client hands out one record at a time",
  rounds: 3,
  metrics: { throughput: { unit: "M records/s", better: "higher" } },
  subjects: (options) => {
    const records = options.quick ? RECORDS / 4 : RECORDS;
    return [
      { name: "bare client", run: async () => throughput(await plain(await filled(records), records)) },
      ...forEngines(options, (engine) => [
        {
          name: "local[1]",
          run: async () => {
            const args = [server("kafka").endpoint("KAFKA_BROKERS"), await filled(records), records];
            return throughput(await runJob({ engine, job: "kafka-read", master: "local[1]", batches: BATCHES, args }));
          },
        },
      ]),
    ];
  },
  goals: (results) => shareOfClient(results, "throughput", 0.9),
};

const topics = new Map<number, Promise<string>>();

/** The topic that all subjects read. */
function filled(records: number): Promise<string> {
  const known = topics.get(records);
  if (known !== undefined) return known;
  const making = fill(server("kafka").endpoint("KAFKA_BROKERS"), records);
  topics.set(records, making);
  return making;
}

async function fill(brokers: string, records: number): Promise<string> {
  const topic = await makeTopic(brokers);
  await fillTopic(brokers, { topic, records: records * (BATCHES + 1), bytes: BYTES }); // the last batch is a full one
  return topic;
}

function plain(topic: string, records: number): Promise<readonly Report[]> {
  const program = fileURLToPath(new URL("../plain-kafka-read.js", import.meta.url));
  const brokers = server("kafka").endpoint("KAFKA_BROKERS");
  return reportsOf({ args: [program, brokers, topic, String(records), String(BATCHES)] });
}

function throughput(reports: readonly Report[]): Sample {
  const [records, ms] = [column(reports, "records"), column(reports, "ms")].map((all) => all.slice(WARM_UP));
  return { throughput: median((records ?? []).map((count, i) => count / (ms?.[i] ?? Number.NaN))) / 1_000 };
}
