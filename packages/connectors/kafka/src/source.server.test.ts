import { randomUUID } from "node:crypto";
import { sourceContract } from "millrace/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestBroker } from "./broker.fixture.ts";
import { closeClients } from "./shared-clients.ts";
import { TestSource, textOf } from "./source.fixture.ts";
import { kafkaSource } from "./stream.ts";

let broker: TestBroker;
beforeAll(() => {
  broker = TestBroker.shared();
});
afterAll(async () => {
  await closeClients();
  await broker.close();
});

const texts = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `m${from + i}`);

describe("the contract of a replayable source", () => {
  for (const { title, run } of sourceContract(async () => {
    const topic = await broker.topic(3);
    let sent = 0;
    return {
      source: () =>
        kafkaSource({
          brokers: broker.brokers,
          topics: topic,
          startingOffsets: "earliest",
          value: (bytes) => textOf(bytes),
        }),
      produce: async (count) => {
        const made = [];
        for (const text of texts(count, sent)) {
          const partition = sent++ % 3;
          await broker.send(topic, partition, [text]);
          made.push({ topic, partition, value: text });
        }
        const read = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
        const all = await read.read(await read.fix());
        await read.stop();
        const here = new Set(made.map(({ value }) => value));
        return all.map((record) => ({ ...record, value: textOf(record.value) })).filter(({ value }) => here.has(value));
      },
    };
  })) {
    test(title, run);
  }
});

test("a record has what its producer gave", async () => {
  const topic = await broker.topic(1);
  const more = {
    key: Buffer.from("k"),
    headers: new Map([[Buffer.from("trace"), Buffer.from("7")]]),
    timestamp: 1_234n,
  };
  await broker.send(topic, 0, ["v"], more);
  const source = await TestSource.start({ brokers: broker.brokers, topics: topic, startingOffsets: "earliest" });
  const [record] = await source.read(await source.fix());
  expect(record).toMatchObject({ topic, partition: 0, offset: 0, timestamp: 1_234 });
  expect([textOf(record?.key), textOf(record?.value)]).toEqual(["k", "v"]);
  expect(record?.headers.map(([name, value]) => [name, textOf(value)])).toEqual([["trace", "7"]]);
  await source.stop();
});

test.each(["none", "gzip", "snappy", "lz4"] as const)(
  "records compressed with %s are read, from the middle of a batch too",
  async (compression) => {
    const topic = await broker.topic(1);
    const messages = texts(100).map((text) => ({ topic, partition: 0, value: Buffer.from(text) }));
    await broker.producer().send({ compression, messages });
    const from = { offsets: { [topic]: { 0: 40 } } };
    const source = await TestSource.start({
      brokers: broker.brokers,
      topics: topic,
      startingOffsets: from,
      maxRecordsPerBatch: 20,
    });
    expect(await source.batch()).toEqual(texts(20, 40));
    expect(await source.batch()).toEqual(texts(20, 60));
    await source.stop();
  },
);

test("a batch, the first one too, reads no more than it may by its options and by what the engine lets it", async () => {
  const topic = await broker.topic(2);
  await broker.send(topic, 0, texts(90));
  await broker.send(topic, 1, texts(10));
  const source = await TestSource.start({
    brokers: broker.brokers,
    topics: topic,
    startingOffsets: "earliest",
    maxRecordsPerBatch: 50,
  });
  const lengths = async (most: number | undefined): Promise<readonly number[]> =>
    (await source.fix(1_000, most)).map(({ from, until }) => until - from);
  expect(await lengths(20)).toEqual([17, 2]);
  expect(await lengths(60)).toEqual([44, 5]);
  expect(await lengths(undefined)).toEqual([29, 3]);
  await source.stop();
});

describe("a source begins", () => {
  const begun = async (startingOffsets: Parameters<typeof kafkaSource>[0]["startingOffsets"]) => {
    const topic = await broker.topic(1);
    for (const [i, text] of texts(5).entries())
      await broker.send(topic, 0, [text], { timestamp: BigInt(1_000 * (i + 1)) });
    const offsets = {
      brokers: broker.brokers,
      topics: topic,
      ...(startingOffsets === undefined ? {} : { startingOffsets }),
    };
    const source = await TestSource.start(offsets);
    const first = await source.batch();
    const after = await TestSource.start(offsets, source.ranges);
    await broker.send(topic, 0, ["new"]);
    const batches = [first, await source.batch(), await after.batch()];
    await Promise.all([source.stop(), after.stop()]);
    return batches;
  };

  test("at the end by default, and a job that is started again misses nothing of what comes then", async () => {
    expect(await begun(undefined)).toEqual([[], ["new"], ["new"]]);
  });
  test("at the beginning", async () => {
    expect(await begun("earliest")).toEqual([texts(5), ["new"], ["new"]]);
  });
  test("at a time", async () => {
    expect(await begun({ time: 3_500 })).toEqual([["m3", "m4"], ["new"], ["new"]]);
  });
  test("at the end, for a time after the last record", async () => {
    expect(await begun({ time: 9_000 })).toEqual([[], ["new"], ["new"]]);
  });
});

describe("transactions", () => {
  test("are read when they are committed; aborted ones, markers and open ones are not", async () => {
    const topic = await broker.topic(1);
    const writer = broker.producer({ idempotent: true, transactionalId: topic });
    const transact = async (text: string, end: "commit" | "abort"): Promise<void> => {
      const transaction = await writer.beginTransaction();
      await transaction.send({
        messages: texts(3).map((n) => ({ topic, partition: 0, value: Buffer.from(`${text} ${n}`) })),
      });
      await transaction[end]();
    };
    await transact("kept", "commit");
    await transact("dropped", "abort");
    await transact("kept too", "commit");
    const options = { brokers: broker.brokers, topics: topic, startingOffsets: "earliest" } as const;
    const source = await TestSource.start({ ...options, maxRecordsPerTask: 2 });
    const kept = [...texts(3).map((n) => `kept ${n}`), ...texts(3).map((n) => `kept too ${n}`)];
    expect(await source.batch()).toEqual(kept);
    const open = await writer.beginTransaction();
    await open.send({ messages: [{ topic, partition: 0, value: Buffer.from("later") }] });
    expect(await source.batch()).toEqual([]);
    const eager = await TestSource.start({ ...options, isolation: "uncommitted" });
    expect(await eager.batch()).toEqual([
      ...kept.slice(0, 3),
      ...texts(3).map((n) => `dropped ${n}`),
      ...kept.slice(3),
      "later",
    ]);
    await open.commit();
    expect(await source.batch()).toEqual(["later"]);
    await Promise.all([source.stop(), eager.stop()]);
  });
});

describe("topics", () => {
  test("of a pattern, and partitions, that appear later are read from their beginning", async () => {
    const name = `p-${process.pid}-${randomUUID().slice(0, 8)}`;
    const first = await broker.topic(1, { name: `${name}.a` });
    const pattern = new RegExp(`${name}\\.\\w`);
    const source = await TestSource.start({ brokers: broker.brokers, pattern, discoverEvery: 10_000 });
    expect(await source.batch()).toEqual([]);
    const second = await broker.topic(1, { name: `${name}.b` });
    await broker.topic(1, { name: `${name}.b-not` }); // the pattern is for whole names
    await broker.send(second, 0, ["early"]);
    await broker.admin.createPartitions({ topics: [{ name: first, count: 2 }] });
    await expect
      .poll(
        async () =>
          (await broker.admin.metadata({ topics: [first], forceUpdate: true })).topics.get(first)?.partitionsCount,
      )
      .toBe(2);
    await broker.send(first, 1, ["in a new partition"]);
    expect(await source.batch()).toEqual([]);
    expect([...(await source.batch(10_000))].sort()).toEqual(["early", "in a new partition"]);
    await source.stop();
  });

  test("that are missing are an error at the start, with their name", async () => {
    await expect(TestSource.start({ brokers: broker.brokers, topics: "no-such-topic" })).rejects.toMatchObject({
      code: "KAFKA_TOPIC_MISSING",
      message: expect.stringMatching(/there is no topic no-such-topic/),
    });
    const topic = await broker.topic(2);
    await expect(TestSource.start({ brokers: broker.brokers, assign: { [topic]: [1, 2] } })).rejects.toThrow(
      /has 2 partitions, and none with number 2/,
    );
  });

  test("of which partitions are assigned give those and no others", async () => {
    const topic = await broker.topic(3);
    for (const partition of [0, 1, 2]) await broker.send(topic, partition, [`of ${partition}`]);
    const source = await TestSource.start({
      brokers: broker.brokers,
      assign: { [topic]: [0, 2] },
      startingOffsets: "earliest",
    });
    expect(await source.batch()).toEqual(["of 0", "of 2"]);
    await source.stop();
  });
});

describe("a topic that is deleted and made again", () => {
  const remade = async (whenLost: "stop" | "continue") => {
    const topic = await broker.topic(1);
    await broker.send(topic, 0, ["a", "b", "c"]);
    const source = await TestSource.start({
      brokers: broker.brokers,
      topics: topic,
      startingOffsets: "earliest",
      whenLost,
      discoverEvery: 1,
    });
    await source.batch();
    await broker.admin.deleteTopics({ topics: [topic] });
    await expect.poll(async () => source.batch().then(() => source.standing)).toMatch(/there is no topic/);
    await broker.topic(1, { name: topic });
    await broker.send(topic, 0, ["d", "e", "f", "g"]); // more than the first one had: offsets alone do not show it
    return source;
  };

  test("stops the job, and says so", async () => {
    const source = await remade("stop");
    await expect(source.batch()).rejects.toMatchObject({ code: "KAFKA_TOPIC_RECREATED" });
    await source.stop();
  });

  test("is read from its beginning if that is asked for, and reported", async () => {
    const source = await remade("continue");
    expect(await source.batch()).toEqual(["d", "e", "f", "g"]);
    expect(source.warnings).toEqual([expect.stringMatching(/was deleted and made again/)]);
    expect(source.standing).toBeUndefined();
    await source.stop();
  });
});

describe("offsets that have expired", () => {
  const expired = async (whenLost: "stop" | "continue") => {
    const topic = await broker.topic(1);
    await broker.send(topic, 0, texts(10));
    const source = await TestSource.start({
      brokers: broker.brokers,
      topics: topic,
      startingOffsets: "earliest",
      whenLost,
      maxRecordsPerBatch: 2,
    });
    expect(await source.batch()).toEqual(["m0", "m1"]);
    return {
      topic,
      source,
      expire: () =>
        broker.admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 7n }] }] }),
    };
  };

  test("stop the job, with the partition and both numbers", async () => {
    const { topic, source, expire } = await expired("stop");
    await expire();
    await expect(source.batch()).rejects.toThrow(
      `[KAFKA_OFFSETS_LOST] offset 2 of ${topic}[0] comes next, and its first offset is 7: 5 have expired`,
    );
    await source.stop();
  });

  test("are counted and passed over, if that is asked for", async () => {
    const { topic, source, expire } = await expired("continue");
    await expire();
    expect(await source.batch()).toEqual(["m7", "m8"]);
    expect(source.warnings).toEqual([expect.stringContaining(`5 offsets of ${topic}[0] are lost, from 2 to 6`)]);
    await source.stop();
  });

  test("between the fixing of a batch and its reading fail the task", async () => {
    const { topic, source, expire } = await expired("stop");
    const ranges = await source.fix();
    await expire();
    await expect(source.read(ranges)).rejects.toThrow(`offset 2 of ${topic}[0] comes next, and its first offset is 7`);
    await source.stop();
  });
});

test("a compacted topic has gaps, and batches end as they should", async () => {
  const configs = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "100",
  };
  const topic = await broker.topic(1, { configs });
  for (let round = 0; round < 4; round++) await broker.send(topic, 0, [`a${round}`], { key: Buffer.from("a") });
  await broker.send(topic, 0, ["b"], { key: Buffer.from("b") });
  const options = {
    brokers: broker.brokers,
    topics: topic,
    startingOffsets: "earliest",
    maxRecordsPerBatch: 2,
  } as const;
  // The cleaner looks at closed segments; one is closed when a record comes that is late enough.
  let filler = 0;
  await expect
    .poll(
      async () => {
        await broker.send(topic, 0, [`f${filler++}`], { key: Buffer.from("f") });
        const source = await TestSource.start({ ...options, maxRecordsPerBatch: 1_000 });
        const values = await source.batch();
        await source.stop();
        return values.slice(0, 2);
      },
      { timeout: 50_000, interval: 500 },
    )
    .toEqual(["a3", "b"]);
  const source = await TestSource.start(options);
  expect([await source.batch(), await source.batch(), (await source.batch())[0]]).toEqual([[], ["a3"], "b"]);
  await source.stop();
});

test("a run up to what there is now reads that, in as many batches as it takes, and nothing that comes later", async () => {
  const topic = await broker.topic(2);
  await broker.send(topic, 0, texts(5));
  await broker.send(topic, 1, texts(1, 5));
  const source = await TestSource.start({
    brokers: broker.brokers,
    topics: topic,
    startingOffsets: "earliest",
    maxRecordsPerPartition: 2,
  });
  await source.source.limit?.();
  await broker.send(topic, 0, ["later"]);
  const batches = [];
  do batches.push(await source.batch());
  while (source.source.hasMore?.() === true);
  expect(batches).toEqual([["m0", "m1", "m5"], ["m2", "m3"], ["m4"]]);
  await source.stop();
});
