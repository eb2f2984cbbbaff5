import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { TestJob } from "./job.fixture.ts";

let broker: TestBroker;
const jobs: TestJob[] = [];
beforeAll(() => {
  broker = TestBroker.shared();
});
afterEach(async () => {
  await Promise.all(jobs.splice(0).map((job) => job.remove()));
});
afterAll(() => broker.close());

function job(text: string): TestJob {
  const made = new TestJob(text);
  jobs.push(made);
  return made;
}

const SAVES = `
  import { defineJob } from "millrace";
  import { kafkaStream } from "@millrace/kafka";

  export default defineJob({ name: "orders", batchInterval: "100ms", checkpointDir: "checkpoint" }, (ssc, [brokers, topic, group]) => {
    kafkaStream(ssc, {
      brokers,
      topics: topic,
      startingOffsets: "earliest",
      maxRecordsPerBatch: 500,
      group,
      value: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
    })
      .named("orders")
      .map(({ value }) => value.n)
      .saveAsTextFiles("out/orders");
  });
`;

const COPIES = `
  import { defineJob } from "millrace";
  import { kafkaStream, saveToKafka } from "@millrace/kafka";

  export default defineJob({ name: "copies", batchInterval: "100ms", checkpointDir: "checkpoint" }, (ssc, [brokers, from, topic]) => {
    const orders = kafkaStream(ssc, { brokers, topics: from, startingOffsets: "earliest", maxRecordsPerBatch: 300 }).named("orders");
    const texts = orders.map(({ value }) => Buffer.from(value).toString());
    saveToKafka(texts.map((value) => ({ value })), { brokers, topic, transactionalId: topic }).named("copies");
    texts.saveAsTextFiles("out/orders");
  });
`;

const AUDITED = `
  import { defineJob } from "millrace";
  import { kafkaRDD, kafkaStream, offsetRanges } from "@millrace/kafka";

  const value = (bytes) => Number(Buffer.from(bytes).toString());

  export default defineJob({ name: "audit", batchInterval: "100ms" }, (ssc, [brokers, topic]) => {
    const table = kafkaRDD(ssc, { brokers, ranges: [{ topic, partition: 1, from: 2, until: 5 }], value });
    kafkaStream(ssc, { brokers, topics: topic, startingOffsets: "earliest", maxRecordsPerPartition: 10, value }).foreachRDD(async (rdd) => {
      const ranges = offsetRanges(rdd);
      const offsets = await rdd.map((record) => [record.partition, record.offset]).collect();
      const again = kafkaRDD(ssc, { brokers, ranges, maxRecordsPerTask: 3, value });
      console.log("batch " + JSON.stringify({
        offsets,
        ranges: ranges.map(({ partition, from, until }) => [partition, from, until]),
        values: await again.map((record) => record.value).collect(),
        reread: offsetRanges(again).length,
        table: await table.map((record) => record.value).collect(),
      }));
    });
  });
`;

const LENIENT = `
  import { defineJob } from "millrace";
  import { kafkaStream } from "@millrace/kafka";

  export default defineJob({ name: "lenient", batchInterval: "100ms" }, (ssc, [brokers, topic, letters]) => {
    const numbers = kafkaStream(ssc, {
      brokers,
      topics: topic,
      startingOffsets: "earliest",
      value: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
      malformed: { topic: letters },
    }).map(({ value }) => value.n);
    numbers.saveAsTextFiles("out/orders");
    numbers.count().print();
  });
`;

const numbers = (from: number, until: number): string[] =>
  Array.from({ length: until - from }, (_, i) => String(from + i));
const sorted = (lines: readonly string[]): string[] => [...lines].sort((a, b) => Number(a) - Number(b));

describe("a job on a cluster of processes", () => {
  const master = "local-cluster[1,2]";

  test("counts each record once, though everything is killed in mid-stream, and tells its group how far it has come", async () => {
    const topic = await broker.topic(3);
    const group = `g-${topic}`;
    const here = job(SAVES);
    const args = [broker.brokers, topic, group];
    let sent = 0;
    const send = async (count: number): Promise<void> => {
      const texts = numbers(sent, sent + count).map((n) => `{"n":${n}}`);
      sent += count;
      await Promise.all(
        [0, 1, 2].map((partition) =>
          broker.send(
            topic,
            partition,
            texts.filter((_, i) => i % 3 === partition),
          ),
        ),
      );
    };
    await send(4_000);
    const first = here.run("run", { flags: ["--master", master], args });
    await here.until(first, () => here.saved("orders").length > 1_000);
    await first.kill(); // some batches are still to come
    expect(here.saved("orders").length).toBeLessThan(sent);
    await send(10);
    const running = here.run("run", { flags: ["--master", master, "--available-now"], args });
    expect(await running.ended, running.output).toBe(0);
    expect(sorted(here.saved("orders"))).toEqual(numbers(0, sent));
    const [told] = await broker.admin.listConsumerGroupOffsets({ groups: [group] });
    const committed = told?.topics
      .flatMap(({ partitions }) => partitions)
      .map(({ committedOffset }) => Number(committedOffset));
    expect(committed?.reduce((sum, offset) => sum + offset, 0)).toBe(sent);
  });
});

test("a run up to what there is now ends by itself, with all of it", async () => {
  const topic = await broker.topic(2);
  await broker.send(
    topic,
    0,
    numbers(0, 900).map((n) => `{"n":${n}}`),
  );
  const here = job(SAVES);
  const running = here.run("run", {
    flags: ["--master", "local[2]", "--available-now"],
    args: [broker.brokers, topic, "none"],
  });
  expect(await running.ended, running.output).toBe(0);
  expect(sorted(here.saved("orders"))).toEqual(numbers(0, 900));
});

test("a batch knows the offsets of its records, and offsets can be read again", async () => {
  const topic = await broker.topic(2);
  await broker.send(topic, 0, numbers(0, 14));
  await broker.send(topic, 1, numbers(100, 106));
  const running = job(AUDITED).run("run", {
    flags: ["--master", "local[2]", "--available-now"],
    args: [broker.brokers, topic],
  });
  expect(await running.ended, running.output).toBe(0);
  const told = [...running.output.matchAll(/^.*?batch (\{.*)$/gm)].map(([, text = ""]): unknown => JSON.parse(text));
  const offsets = (partition: number, from: number, until: number): unknown[] =>
    Array.from({ length: until - from }, (_, i) => [partition, from + i]);
  const table = [102, 103, 104];
  expect(told).toEqual([
    {
      offsets: [...offsets(0, 0, 10), ...offsets(1, 0, 6)],
      ranges: [
        [0, 0, 10],
        [1, 0, 6],
      ],
      values: [...numbers(0, 10), ...numbers(100, 106)].map(Number),
      reread: 4 + 2,
      table,
    },
    { offsets: offsets(0, 10, 14), ranges: [[0, 10, 14]], values: [10, 11, 12, 13], reread: 2, table },
  ]);
});

test("records that cannot be deserialised are in a topic of their own, and are reported once however many outputs there are", async () => {
  const [topic, letters] = [await broker.topic(2), await broker.topic(1)];
  await broker.send(topic, 0, ['{"n":0}', "{", '{"n":1}', "}"]);
  await broker.send(topic, 1, ["no JSON"]);
  const here = job(LENIENT);
  const running = here.run("run", {
    flags: ["--master", "local[2]", "--available-now"],
    args: [broker.brokers, topic, letters],
  });
  expect(await running.ended, running.output).toBe(0);
  expect(sorted(here.saved("orders"))).toEqual(["0", "1"]);
  expect(running.output).toContain(`were left out: 3, 2 of ${topic}[0], 1 of ${topic}[1]. The first is offset 1 of `);
  expect(running.output).toContain(`They are in ${letters}; since the job has started there were 3.`);
  expect(new Set(await broker.readByJava(letters))).toEqual(new Set(["{", "}", "no JSON"]));
});

test("a job whose topic does not exist ends at once, and says which", async () => {
  const here = job(SAVES);
  const running = here.run("run", { flags: ["--master", "local[2]"], args: [broker.brokers, "no-such-topic", "none"] });
  expect(await running.ended).not.toBe(0);
  expect(running.output).toMatch(/KAFKA_TOPIC_MISSING\] there is no topic no-such-topic/);
});

test("from Kafka to Kafka, each record is there once though all is killed in mid-stream, as Kafka's own client sees it", async () => {
  const [from, to] = [await broker.topic(2), await broker.topic(2)];
  const all = numbers(0, 3_000);
  for (const partition of [0, 1])
    await broker.send(
      from,
      partition,
      all.filter((_, i) => i % 2 === partition),
    );
  const here = job(COPIES);
  const args = [broker.brokers, from, to];
  const first = here.run("run", { flags: ["--master", "local[2]"], args });
  await here.until(first, () => here.saved("orders").length > 500);
  await first.kill();
  expect(here.saved("orders").length).toBeLessThan(all.length);
  const second = here.run("run", { flags: ["--master", "local[2]", "--available-now"], args });
  expect(await second.ended, second.output).toBe(0);
  expect(sorted(await broker.readByJava(to))).toEqual(all);
  expect(await broker.transactions("Ongoing", to)).toEqual([]);
});
