import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { TestJob } from "./job.fixture.ts";

let broker: TestBroker;
let job: TestJob;
/** The password of a user of the broker of tests. */
const CANARY = "alice-secret";

const COPIES = `
  import { defineJob } from "millrace";
  import { kafkaStream, saveToKafka } from "@millrace/kafka";

  export default defineJob({ name: "copies", batchInterval: "100ms", checkpointDir: "checkpoint" }, (ssc, [brokers, from, to]) => {
    const connection = { brokers, sasl: { mechanism: "SCRAM-SHA-256", username: "alice", password: { env: "KAFKA_PASSWORD" } } };
    const texts = kafkaStream(ssc, { ...connection, topics: from, startingOffsets: "earliest", group: from })
      .named("texts")
      .map(({ value }) => Buffer.from(value).toString());
    texts.map((text) => [text, 1]).updateStateByKey((added, sum = 0) => sum + added.length).saveAsTextFiles("out/counts");
    saveToKafka(texts.map((value) => ({ value })), { ...connection, topic: to, transactionalId: to });
  });
`;

beforeAll(() => {
  broker = TestBroker.shared();
  job = new TestJob(COPIES);
});
afterAll(async () => {
  await job.remove();
  await broker.close();
});

/** Files below a directory that have one of these texts. */
function filesWith(directory: string, texts: readonly string[]): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("node_modules"))
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .filter((path) => texts.some((text) => readFileSync(path, "latin1").includes(text)));
}

test("a password is in nothing that a job prints or leaves, whether it is right or wrong", async () => {
  const [from, to] = [await broker.topic(2), await broker.topic(1)];
  await broker.send(from, 0, ["a", "b", "a"]);
  const args = [broker.saslBrokers, from, to];
  const flags = ["--master", "local-cluster[1,2]", "--available-now"];
  const run = (password: string) => job.run("run", { flags, args, env: { KAFKA_PASSWORD: password } });
  const right = run(CANARY);
  expect(await right.ended, right.output).toBe(0);
  const wrong = run(`not-${CANARY}`);
  expect(await wrong.ended, wrong.output).not.toBe(0);
  expect(wrong.output).toMatch(/KAFKA_CREDENTIALS/);
  const check = job.run("check", { flags: ["--json"], args, env: { KAFKA_PASSWORD: CANARY } });
  expect(await check.ended, check.output).toBe(0);
  const encoded = [CANARY, Buffer.from(CANARY).toString("base64").slice(0, -2), Buffer.from(CANARY).toString("hex")];
  for (const { output } of [right, wrong, check]) for (const text of encoded) expect(output).not.toContain(text);
  expect(filesWith(job.folder, encoded)).toEqual([]);
  expect(filesWith(job.folder, ["KAFKA_PASSWORD"])).toEqual([join(job.folder, "job.mjs")]); // what was looked through has the job
  expect(filesWith(join(job.folder, "checkpoint"), [from])).not.toEqual([]); // and the log of what was read
});
