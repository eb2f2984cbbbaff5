import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Acl, AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import type { KafkaConnection } from "./connection.ts";
import type { KafkaStreamOptions } from "./options.ts";
import { closeClients } from "./shared-clients.ts";
import { type KafkaSinkOptions, kafkaSink } from "./sink.ts";
import { TestSource, textOf } from "./source.fixture.ts";
import { unsignedToken } from "./token.fixture.ts";

let broker: TestBroker;
const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-permissions-"));
beforeAll(() => {
  broker = TestBroker.shared();
});
afterAll(async () => {
  await closeClients();
  await broker.close();
  rmSync(folder, { recursive: true });
});

type Right = readonly ["TOPIC" | "GROUP" | "TRANSACTIONAL_ID", string, "READ" | "WRITE", "LITERAL" | "PREFIXED"];

/** A new user who may do this and nothing else. */
async function userWith(rights: readonly Right[]): Promise<KafkaConnection> {
  const user = `u-${randomUUID()}`;
  const creations = rights.map(
    ([resource, name, operation, pattern]): Acl => ({
      resourceType: ResourceTypes[resource],
      resourceName: name,
      resourcePatternType: ResourcePatternTypes[pattern],
      principal: `User:${user}`,
      host: "*",
      operation: AclOperations[operation],
      permissionType: AclPermissionTypes.ALLOW,
    }),
  );
  if (creations.length > 0) {
    await broker.admin.createAcls({ creations });
    const filter = {
      ...{ resourceName: null, host: null },
      resourceType: ResourceTypes.ANY,
      resourcePatternType: ResourcePatternTypes.ANY,
      principal: `User:${user}`,
      operation: AclOperations.ANY,
      permissionType: AclPermissionTypes.ANY,
    };
    // The controller has them; the broker learns them a moment later.
    await expect.poll(async () => (await broker.admin.describeAcls({ filter })).length).toBe(creations.length);
  }
  const file = join(folder, user);
  writeFileSync(file, unsignedToken(user, Date.now()));
  return { brokers: broker.saslBrokers, sasl: { mechanism: "OAUTHBEARER", token: { file } } };
}

/** What somebody does, in a place of their own. */
interface Use {
  readonly rights: readonly Right[];
  act(connection: KafkaConnection): Promise<unknown>;
}

/** Reads and commits a batch; a warning counts as an error. */
async function read<V>(options: KafkaStreamOptions<Uint8Array | null, V>): Promise<readonly string[]> {
  const source = await TestSource.start(options);
  const values = await source.batch().finally(async () => {
    source.source.committed?.(source.ranges);
    await source.stop();
  });
  if (source.warnings.length > 0) throw new Error(source.warnings.join());
  return values;
}

async function write(options: KafkaSinkOptions): Promise<void> {
  const sink = kafkaSink(options);
  const batch = { id: "audit/out/1000", time: 1000, output: "out", epoch: 1 };
  await sink.recover?.({ id: "audit/out", output: "out", epoch: 1, committed: undefined, pending: undefined });
  const writer = await sink.open({ ...batch, partition: 0, attempt: 0 }, sink.options);
  await writer.write([{ value: "a" }]);
  await sink.commit?.(batch, [await writer.prepare()]);
}

const uses: Record<string, () => Promise<Use>> = {
  "to read a topic": async () => {
    const topic = await broker.topic(1);
    await broker.send(topic, 0, ["a"]);
    return {
      rights: [["TOPIC", topic, "READ", "LITERAL"]],
      act: (connection) => read({ ...connection, topics: topic, startingOffsets: "earliest" }),
    };
  },
  "to read a topic, and to tell a group": async () => {
    const topic = await broker.topic(1);
    const group = `g-${topic}`;
    await broker.send(topic, 0, ["a"]);
    return {
      rights: [
        ["TOPIC", topic, "READ", "LITERAL"],
        ["GROUP", group, "READ", "LITERAL"],
      ],
      act: (connection) => read({ ...connection, topics: topic, startingOffsets: "earliest", group }),
    };
  },
  "to read the topics of a pattern": async () => {
    const topic = await broker.topic(1);
    await broker.send(topic, 0, ["a"]);
    return {
      rights: [["TOPIC", topic, "READ", "PREFIXED"]],
      act: async (connection) => {
        const values = await read({ ...connection, pattern: new RegExp(`${topic}.*`), startingOffsets: "earliest" });
        if (values.length === 0) throw new Error("KAFKA_TOPIC_MISSING, or there is nothing to see");
      },
    };
  },
  "to send malformed records to a topic": async () => {
    const [topic, letters] = [await broker.topic(1), await broker.topic(1)];
    await broker.send(topic, 0, ["{"]);
    return {
      rights: [
        ["TOPIC", topic, "READ", "LITERAL"],
        ["TOPIC", letters, "WRITE", "LITERAL"],
      ],
      act: (connection) =>
        read({
          ...{ ...connection, topics: topic, startingOffsets: "earliest", malformed: { topic: letters } },
          value: (bytes) => JSON.parse(textOf(bytes)),
        }),
    };
  },
  "to write at least once": async () => {
    const topic = await broker.topic(1);
    return {
      rights: [["TOPIC", topic, "WRITE", "LITERAL"]],
      act: (connection) => write({ ...connection, topic, delivery: "at-least-once" }),
    };
  },
  "to write exactly once": async () => {
    const topic = await broker.topic(1);
    return {
      rights: [
        ["TOPIC", topic, "WRITE", "LITERAL"],
        ["TRANSACTIONAL_ID", `${topic}/`, "WRITE", "PREFIXED"],
      ],
      act: (connection) => write({ ...connection, topic, transactionalId: topic }),
    };
  },
};

describe.each(Object.entries(uses))("%s", (_, use) => {
  test("the rights that the guide lists are enough, and none of them is too much", async () => {
    const { rights, act } = await use();
    await act(await userWith(rights));
    for (const right of rights) {
      const without = await userWith(rights.filter((one) => one !== right));
      await expect(act(without), `without ${right.join(" ")}`).rejects.toThrow(
        /KAFKA_NOT_PERMITTED|KAFKA_TOPIC_MISSING/,
      );
    }
  });
});
