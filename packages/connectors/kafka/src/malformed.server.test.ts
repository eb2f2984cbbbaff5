import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { closeClients } from "./shared-clients.ts";
import { TestSource, textOf } from "./source.fixture.ts";

let broker: TestBroker;
beforeAll(() => {
  broker = TestBroker.shared();
});
afterAll(async () => {
  await closeClients();
  await broker.close();
});

test("a record that cannot be deserialised fails its task, or goes to a function", async () => {
  const topic = await broker.topic(1);
  await broker.send(topic, 0, ["1", "{", "2"]);
  const options = {
    ...{ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" as const },
    value: (bytes: Uint8Array | null): unknown => JSON.parse(textOf(bytes)),
  };
  const strict = await TestSource.start(options);
  await expect(strict.batch()).rejects.toThrow(
    `[KAFKA_RECORD_MALFORMED] the record at offset 1 of ${topic}[0] cannot be deserialised`,
  );
  const dead: string[] = [];
  const lenient = await TestSource.start({
    ...options,
    malformed: ({ offset, value }) => void dead.push(`${offset} ${textOf(value)}`),
  });
  expect(await lenient.batch()).toEqual(["1", "2"]);
  expect(dead).toEqual(["1 {"]);
  await Promise.all([strict.stop(), lenient.stop()]);
});

test("a record that cannot be deserialised goes to a topic as it is, with where it came from", async () => {
  const [topic, letters] = [await broker.topic(1), await broker.topic(1)];
  await broker.send(topic, 0, ["{"], {
    key: Buffer.from("k"),
    headers: new Map([[Buffer.from("trace"), Buffer.from("7")]]),
    timestamp: 1_234n,
  });
  const connection = { brokers: broker.brokers, startingOffsets: "earliest" } as const;
  const value = (bytes: Uint8Array | null): unknown => JSON.parse(textOf(bytes));
  const source = await TestSource.start({ ...connection, topics: topic, value, malformed: { topic: letters } });
  expect(await source.batch()).toEqual([]);
  const dead = await TestSource.start({ ...connection, topics: letters });
  const [letter] = await dead.read(await dead.fix());
  expect([letter?.key, letter?.value].map(textOf)).toEqual(["k", "{"]);
  expect(letter?.headers.map(([name, bytes]) => [name, textOf(bytes)])).toEqual([
    ...[
      ["trace", "7"],
      ["millrace.topic", topic],
      ["millrace.partition", "0"],
      ["millrace.offset", "0"],
      ["millrace.timestamp", "1234"],
    ],
    ["millrace.error", expect.stringMatching(/JSON/)],
  ]);
  await Promise.all([source.stop(), dead.stop()]);
});

test("a topic for malformed records that does not exist is named at the start", async () => {
  const topic = await broker.topic(1);
  const options = { brokers: broker.brokers, topics: topic, malformed: { topic: "no-such-topic" } };
  await expect(TestSource.start(options)).rejects.toThrow("[KAFKA_TOPIC_MISSING] there is no topic no-such-topic");
});
