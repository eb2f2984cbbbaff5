import { describe, expect, test } from "vitest";
import { type KafkaSinkOptions, kafkaSink } from "./sink.ts";

const good: KafkaSinkOptions = { brokers: "kafka:9092", topic: "orders" };

describe("options of a sink", () => {
  test.each<[string, Partial<Record<keyof KafkaSinkOptions, unknown>>, RegExp]>([
    ["no address", { brokers: [] }, /brokers is \[\]/],
    ["no name of a topic", { topic: "a b" }, /topic is "a b"/],
    ["another delivery", { delivery: "at-most-once" }, /delivery is "at-most-once"/],
    ["a compression that Node 20 has not", { compression: "zstd" }, /compression is "zstd"/],
    ["no transactional id", { transactionalId: "" }, /transactionalId is no text/],
    ["a timeout of no time", { transactionTimeout: 10 }, /transactionTimeout is 10/],
  ])("are refused: %s", (_, wrong, message) => {
    const options = { ...good, ...wrong } as KafkaSinkOptions; // what a job without types may give
    const refuse = (): unknown => kafkaSink(options);
    expect(refuse).toThrow(expect.objectContaining({ code: "KAFKA_OPTIONS", message: expect.stringMatching(message) }));
  });

  test("make a sink that is committed, or one that is written at least once", () => {
    expect(kafkaSink(good)).toMatchObject({ label: "kafka orders", commit: expect.any(Function) });
    expect(kafkaSink({ ...good, delivery: "at-least-once" }).commit).toBeUndefined();
  });
});
