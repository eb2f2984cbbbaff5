import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import type { KafkaConnection, KafkaSasl } from "./connection.ts";
import { closeClients } from "./shared-clients.ts";
import { kafkaSink } from "./sink.ts";
import { TestSource } from "./source.fixture.ts";
import { kafkaSource } from "./stream.ts";
import { unsignedToken } from "./token.fixture.ts";

let broker: TestBroker;
let topic: string;
const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-secrets-"));
/** Would be in a message if anything of a secret were. */
const CANARY = "canary-4711";

beforeAll(async () => {
  broker = TestBroker.shared();
  topic = await broker.topic(1);
  await broker.send(topic, 0, ["a"]);
});
afterAll(async () => {
  await closeClients();
  await broker.close();
  rmSync(folder, { recursive: true });
});

function secret(name: string, text: string): { readonly file: string } {
  const file = join(folder, name);
  writeFileSync(file, `${text}\n`);
  return { file };
}

/** The values that are read over such a connection. */
async function readOver(connection: KafkaConnection): Promise<readonly string[]> {
  const source = await TestSource.start({ ...connection, topics: topic, startingOffsets: "earliest" });
  try {
    return await source.batch();
  } finally {
    await source.stop();
  }
}

const named = (mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512", username = "alice"): KafkaSasl => ({
  ...{ mechanism, username, password: secret(username, `${username}-secret`) },
});

describe("a topic is read", () => {
  test.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const)(
    "with a name and a password, by %s",
    async (mechanism) => {
      expect(await readOver({ brokers: broker.saslBrokers, sasl: named(mechanism) })).toEqual(["a"]);
    },
  );

  test("with a token", async () => {
    const sasl: KafkaSasl = { mechanism: "OAUTHBEARER", token: secret("token", unsignedToken("alice", Date.now())) };
    expect(await readOver({ brokers: broker.saslBrokers, sasl })).toEqual(["a"]);
  });

  test("over TLS, with and without a certificate of the client", async () => {
    const ca = broker.file("ca.pem");
    expect(await readOver({ brokers: broker.sslBrokers, tls: { ca } })).toEqual(["a"]);
    const own = { cert: broker.file("client.pem"), key: broker.file("client.key") };
    expect(await readOver({ brokers: broker.sslBrokers, tls: { ca, ...own } })).toEqual(["a"]);
  });
});

/** One attempt to reach a topic, to read and to write. */
const probes = (connection: KafkaConnection, name = topic) => [
  kafkaSource({ ...connection, topics: name }).probe?.(),
  kafkaSink({ ...connection, topic: name }).probe?.(),
];

describe("one attempt to connect", () => {
  test("finds what is there, and leaves no transaction", async () => {
    await Promise.all(probes({ brokers: broker.saslBrokers, sasl: named("PLAIN") }));
    expect(await broker.transactions("Ongoing", "millrace")).toEqual([]);
  });

  test.each<[string, () => KafkaConnection, string | undefined, string]>([
    ["a wrong host", () => ({ brokers: "127.0.0.1:1" }), undefined, "KAFKA_UNREACHABLE"],
    [
      "a wrong password",
      () => ({
        brokers: broker.saslBrokers,
        sasl: { mechanism: "PLAIN", username: "alice", password: secret("wrong", CANARY) },
      }),
      undefined,
      "KAFKA_CREDENTIALS",
    ],
    ["a topic that is missing", () => ({ brokers: broker.brokers }), "no-such-topic", "KAFKA_TOPIC_MISSING"],
    [
      "a user without rights",
      () => ({ brokers: broker.saslBrokers, sasl: named("PLAIN", "bob") }),
      undefined,
      "KAFKA_NOT_PERMITTED",
    ],
  ])("tells of %s", async (_, connection, name, code) => {
    for (const attempt of await Promise.allSettled(probes(connection(), name))) {
      expect(attempt).toMatchObject({ status: "rejected", reason: { code } });
      expect(JSON.stringify(attempt)).not.toContain(CANARY);
    }
  });
});

describe("what is wrong is told apart, and no secret is told", () => {
  const refused = async (connection: KafkaConnection): Promise<{ readonly code: unknown; readonly text: string }> => {
    const error: unknown = await readOver(connection).then(
      () => new Error("it was read"),
      (thrown: unknown) => thrown,
    );
    const { code, message, stack } = error as Error & { readonly code?: unknown }; // whatever it is, it is shown
    return { code, text: `${message}\n${stack}\n${JSON.stringify(error)}` };
  };

  test.each<[string, () => KafkaConnection, string]>([
    ["a port where nobody listens", () => ({ brokers: "127.0.0.1:1" }), "KAFKA_UNREACHABLE"],
    [
      "a wrong password",
      () => ({
        brokers: broker.saslBrokers,
        sasl: { mechanism: "PLAIN", username: "alice", password: secret("wrong", CANARY) },
      }),
      "KAFKA_CREDENTIALS",
    ],
    [
      "a wrong password, by SCRAM",
      () => ({
        brokers: broker.saslBrokers,
        sasl: { mechanism: "SCRAM-SHA-512", username: "alice", password: secret("wrong", CANARY) },
      }),
      "KAFKA_CREDENTIALS",
    ],
    [
      "a variable that is not set",
      () => ({
        brokers: broker.saslBrokers,
        sasl: { mechanism: "PLAIN", username: "alice", password: { env: "MILLRACE_NO_SUCH" } },
      }),
      "KAFKA_CREDENTIALS",
    ],
    ["an authority that signed nothing there", () => ({ brokers: broker.sslBrokers, tls: true }), "KAFKA_TLS"],
    [
      "a user without rights",
      () => ({ brokers: broker.saslBrokers, sasl: named("PLAIN", "bob") }),
      "KAFKA_NOT_PERMITTED",
    ],
  ])("%s", async (_, connection, code) => {
    const told = await refused(connection());
    expect(told.code, told.text).toBe(code);
    expect(told.text).not.toContain(CANARY);
    expect(told.text).not.toContain("bob-secret");
  });
});
