import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { closeClients } from "./shared-clients.ts";
import { TestSource, textOf } from "./source.fixture.ts";

let broker: TestBroker; // of its own: it is killed
beforeAll(() => {
  broker = TestBroker.start();
});
afterAll(async () => {
  await closeClients();
  await broker.remove();
});

test("a broker that is killed and comes back is waited for: the source says so meanwhile, and nothing is lost", async () => {
  const topic = await broker.topic(2);
  await broker.send(topic, 0, ["a", "b"]);
  const source = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
  expect(await source.batch()).toEqual(["a", "b"]);
  await broker.send(topic, 1, ["c"]);
  const ranges = await source.fix(); // its tasks are to read while nobody answers
  broker.kill();
  expect(await source.batch()).toEqual([]);
  expect(source.standing).toMatch(/\[KAFKA_UNREACHABLE\].*Batches read nothing from it until one succeeds/);
  const read = source.read(ranges);
  await broker.restart();
  expect((await read).map(({ value }) => textOf(value))).toEqual(["c"]);
  await broker.send(topic, 0, ["d"]);
  await expect.poll(() => source.batch(), { timeout: 20_000 }).toEqual(["d"]);
  expect(source.standing).toBeUndefined();
  await source.stop();
});
