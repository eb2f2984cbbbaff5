import { randomUUID } from "node:crypto";
import { sinkContract } from "millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { Client } from "./client.ts";
import type { KafkaMessage } from "./message.ts";
import { retried } from "./retried.ts";
import { closeClients } from "./shared-clients.ts";
import { type KafkaSinkOptions, kafkaSink } from "./sink.ts";
import { TestSource, textOf } from "./source.fixture.ts";

let broker: TestBroker;
beforeAll(() => {
  broker = TestBroker.shared();
});
afterAll(async () => {
  await closeClients();
  await broker.close();
});

/** What a reader of committed records sees, by topic partition. */
async function committed(topic: string): Promise<readonly string[]> {
  const source = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
  const values = await source.batch();
  await source.stop();
  return values;
}

/** Writes as one task of one batch, and returns what it has prepared. */
async function written(options: Omit<KafkaSinkOptions, "brokers">, messages: readonly KafkaMessage[]) {
  const sink = kafkaSink({ brokers: broker.brokers, ...options });
  const batch = { id: `${randomUUID()}/out/1000`, time: 1000, output: "out", epoch: 1 };
  const writer = await sink.open({ ...batch, partition: 0, attempt: 0 }, sink.options);
  await writer.write(messages);
  const prepared = await writer.prepare();
  return { prepared, end: (how: "commit" | "abort") => sink[how]?.(batch, [prepared]) };
}

describe("the contract of a sink that is written exactly once", () => {
  for (const { title, run } of sinkContract(async () => {
    const topic = await broker.topic(2);
    const begin = `x-${topic}`;
    return {
      sink: () => kafkaSink({ brokers: broker.brokers, topic, transactionalId: begin }),
      record: (n) => ({ value: String(n) }),
      visible: async () => {
        const ending = (): Promise<readonly string[]> => broker.transactions("PrepareCommit", begin);
        await expect.poll(ending).toEqual([]); // brokers mark a transaction that is committed a moment later
        return (await committed(topic)).map((value): KafkaMessage => ({ value }));
      },
      hidden: () => broker.transactions("Ongoing", begin),
    };
  })) {
    test(title, run);
  }
});

test("a record is written with what it was given", async () => {
  const topic = await broker.topic(1);
  const other = await broker.topic(1);
  const { end } = await written({ topic, delivery: "at-least-once" }, [
    { key: "k", value: Uint8Array.of(118), headers: { trace: "7" }, timestamp: 1_234 },
    { key: "gone", value: null },
    { topic: other, value: "elsewhere" },
  ]);
  await end("commit");
  const source = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
  const [first, second] = await source.read(await source.fix());
  await source.stop();
  expect([textOf(first?.key), textOf(first?.value), first?.timestamp]).toEqual(["k", "v", 1_234]);
  expect(first?.headers.map(([name, value]) => [name, textOf(value)])).toEqual([["trace", "7"]]);
  expect([textOf(second?.key), second?.value]).toEqual(["gone", null]);
  expect(await committed(other)).toEqual(["elsewhere"]);
});

test("records of a key go where the Java client writes them", async () => {
  const topic = await broker.topic(7);
  await written(
    { topic, delivery: "at-least-once" },
    ["21", "foobar", "a-little-bit-long-string", "abc"].map((key) => ({ key, value: key })),
  );
  const source = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
  const found = (await source.read(await source.fix())).map(({ key, partition }) => [textOf(key), partition]);
  await source.stop();
  // murmur2 of the keys, as in the tests of the Java client, without the sign, modulo 7
  const murmur2 = { "21": -973932308, foobar: -790332482, "a-little-bit-long-string": -985981536, abc: 479470107 };
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(Object.entries(murmur2).map(([key, hash]) => [key, (hash & 0x7fffffff) % 7])),
  );
});

test.each(["gzip", "snappy", "lz4"] as const)(
  "many records, compressed with %s, arrive in order and in more than one request",
  async (compression) => {
    const topic = await broker.topic(1);
    const values = Array.from({ length: 3_000 }, (_, i) => `${i} ${"x".repeat(400)}`);
    const { end } = await written(
      { topic, compression },
      values.map((value) => ({ value })),
    );
    expect(await committed(topic)).toEqual([]);
    await end("commit");
    await expect.poll(async () => (await committed(topic)).length).toBe(3_000);
    expect(await committed(topic)).toEqual(values);
  },
);

test("a transaction that is gone when it is to be committed is an error that says so, and no silence", async () => {
  const topic = await broker.topic(1);
  const transactionalId = `lost-${topic}`;
  const { end } = await written({ topic, transactionalId }, [{ value: "lost" }]);
  const [id = ""] = await broker.transactions("Ongoing", transactionalId);
  const other = new Client({ brokers: broker.brokers });
  await other.metadata([]);
  await retried({ cluster: "kafka", patienceMs: 30_000 }, () => other.producer(id, 10_000)); // as another job of the same name would
  await other.close();
  await expect(end("commit")).rejects.toMatchObject({ code: "KAFKA_TRANSACTION_LOST" });
  expect(await committed(topic)).toEqual([]);
});

test("a topic that does not exist fails the task, with its name", async () => {
  await expect(written({ topic: "no-such-topic" }, [{ value: "x" }])).rejects.toMatchObject({
    code: "KAFKA_TOPIC_MISSING",
    message: expect.stringContaining("no-such-topic"),
  });
});
