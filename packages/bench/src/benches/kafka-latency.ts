import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Consumer, Producer } from "@platformatic/kafka";
import { type Bench, type Engine, forEngines, type Sample } from "../bench.ts";
import { makeTopic } from "../kafka-topic.ts";
import { startJob } from "../millrace.ts";
import { server } from "../servers.ts";
import { median, quantile } from "../statistics.ts";

const RECORDS = 1_500;
const WARM_UP = 500;
const PAUSE_MS = 10;
const MEDIAN_MAX_MS = 30;

/** From Kafka to Kafka, exactly once: how long after a record its copy is there. */
export const kafkaLatency: Bench = {
  name: "kafka-latency",
  what: "a record every 10 ms, copied from topic to topic exactly once, by a job with an interval of 10 ms and a checkpoint; from append time to append time",
  rounds: 3,
  metrics: { medianMs: { unit: "ms", better: "lower" }, p99Ms: { unit: "ms", better: "lower" } },
  subjects: (options) =>
    forEngines(options, (engine) =>
      ["local[2]", "local-cluster[1,2]"].map((master) => ({
        name: master,
        run: () => measured(engine, master, options.quick ? RECORDS / 3 : RECORDS),
      })),
    ),
  goals: (results) =>
    results.map(({ name, metrics }) => ({
      what: `${name}: the median is below 30 ms`,
      value: metrics.medianMs?.median,
      unit: "ms",
      max: MEDIAN_MAX_MS,
    })),
};

async function measured(engine: Engine, master: string, records: number): Promise<Sample> {
  const brokers = server("kafka").endpoint("KAFKA_BROKERS");
  const timed = { configs: { "message.timestamp.type": "LogAppendTime" } };
  const [from, to] = [await makeTopic(brokers, timed), await makeTopic(brokers, timed)];
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  let onRunning = (): void => {};
  const running = new Promise<void>((resolve) => {
    onRunning = resolve;
  });
  const args = [brokers, from, to, directory];
  const job = startJob(
    { engine, job: "kafka-copy", master, args },
    { onLine: (line) => line.includes("running on") && onRunning() },
  );
  try {
    await Promise.race([running, job.done]);
    const ms = await latencies(brokers, { from, to, records, job: job.done });
    const measured = ms.slice((WARM_UP * records) / RECORDS);
    return { medianMs: median(measured), p99Ms: quantile(measured, 0.99) };
  } finally {
    await job.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Copied {
  readonly from: string;
  readonly to: string;
  readonly records: number;
  /** Rejects if the job fails. */
  readonly job: Promise<void>;
}

/** Of each record, in the order of the copies. */
async function latencies(brokers: string, { from, to, records, job }: Copied): Promise<readonly number[]> {
  const client = { clientId: "bench", bootstrapBrokers: [brokers] };
  const producer = new Producer(client);
  const consumer = new Consumer({ ...client, groupId: to });
  const copies = await consumer.consume({ topics: [to], mode: "earliest", autocommit: false, isolationLevel: 1 });
  const ms: number[] = [];
  const send = async (): Promise<void> => {
    for (let n = 0; n < records; n++) {
      await producer.send({ messages: [{ topic: from, value: Buffer.from("x") }], acks: 1 });
      await pause(PAUSE_MS);
    }
  };
  const read = async (): Promise<void> => {
    for await (const { value, timestamp } of copies) {
      ms.push(Number(timestamp) - Number(value.toString()));
      if (ms.length === records) return;
    }
  };
  try {
    const copied = Promise.all([send(), read()]);
    await Promise.race([copied, job.then(() => copied)]);
    return ms;
  } finally {
    await Promise.all([producer.close(), consumer.close(true)]);
  }
}
