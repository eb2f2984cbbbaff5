import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
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

const numbers = (from: number, until: number): string[] =>
  Array.from({ length: until - from }, (_, i) => String(from + i));
const sorted = (lines: readonly string[]): string[] => [...lines].sort((a, b) => Number(a) - Number(b));

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

test("a job whose topic does not exist ends at once, and says which", async () => {
  const here = job(SAVES);
  const running = here.run("run", { flags: ["--master", "local[2]"], args: [broker.brokers, "no-such-topic", "none"] });
  expect(await running.ended).not.toBe(0);
  expect(running.output).toMatch(/KAFKA_TOPIC_MISSING\] there is no topic no-such-topic/);
});
