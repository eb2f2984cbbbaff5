import { fileURLToPath } from "node:url";
import { type Bench, forEngines, type Sample } from "../bench.ts";
import { column, type Report, reportsOf } from "../child.ts";
import { makeTopic } from "../kafka-topic.ts";
import { runJob } from "../millrace.ts";
import { server } from "../servers.ts";
import { shareOfClient } from "../share-of-client.ts";
import { median } from "../statistics.ts";

const RECORDS = 100_000;
const BATCHES = 10;
const WARM_UP = 3;

/** The Kafka sink beside the producer that it stands on. */
export const kafkaWrite: Bench = {
  name: "kafka-write",
  what: "batches of 100,000 records of 100 bytes into one partition of Kafka; the bare producer sends 1,000 at a time, idempotently; a batch of the engine includes its commit",
  rounds: 3,
  metrics: { throughput: { unit: "M records/s", better: "higher" } },
  subjects: (options) => {
    const records = options.quick ? RECORDS / 4 : RECORDS;
    return [
      { name: "bare producer", run: async () => throughput(await plain(records)) },
      ...forEngines(options, (engine) =>
        ["at-least-once", "exactly-once"].map((delivery) => ({
          name: `local[1] ${delivery}`,
          run: async () => {
            const brokers = server("kafka").endpoint("KAFKA_BROKERS");
            const args = [brokers, await makeTopic(brokers), records, delivery];
            return throughput(await runJob({ engine, job: "kafka-write", master: "local[1]", batches: BATCHES, args }));
          },
        })),
      ),
    ];
  },
  goals: (results) => shareOfClient(results, "throughput", 0.8),
};

async function plain(records: number): Promise<readonly Report[]> {
  const program = fileURLToPath(new URL("../plain-kafka-write.js", import.meta.url));
  const brokers = server("kafka").endpoint("KAFKA_BROKERS");
  return reportsOf({ args: [program, brokers, await makeTopic(brokers), String(records), String(BATCHES)] });
}

function throughput(reports: readonly Report[]): Sample {
  const [records, ms] = [column(reports, "records"), column(reports, "ms")].map((all) => all.slice(WARM_UP));
  return { throughput: median((records ?? []).map((count, i) => count / (ms?.[i] ?? Number.NaN))) / 1_000 };
}
