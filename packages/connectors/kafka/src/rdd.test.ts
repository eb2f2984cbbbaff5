import { describe, expect, test } from "vitest";
import { type KafkaRddOptions, kafkaRDD } from "./rdd.ts";

describe("the options of an RDD", () => {
  const good: KafkaRddOptions = { brokers: "kafka:9092", ranges: [] };
  const range = { topic: "orders", partition: 0, from: 3, until: 7 };

  test.each<[string, Partial<Record<keyof KafkaRddOptions, unknown>>, RegExp]>([
    ["no address", { brokers: "kafka" }, /brokers is "kafka"/],
    ["no ranges", { ranges: undefined }, /ranges is no array/],
    ["a range without an end", { ranges: [{ ...range, until: undefined }] }, /"from":3\} is no range/],
    ["a range that goes back", { ranges: [{ ...range, until: 2 }] }, /is no range/],
    ["an offset below 0", { ranges: [{ ...range, from: -2 }] }, /is no range/],
    ["no name of a topic", { ranges: [{ ...range, topic: "" }] }, /"" is no name of a topic/],
    ["another isolation", { isolation: "serial" }, /isolation is "serial"/],
    ["tasks of nothing", { maxRecordsPerTask: 0 }, /maxRecordsPerTask is 0/],
  ])("are refused: %s", (_, wrong, message) => {
    const options = { ...good, ...wrong } as KafkaRddOptions; // what a job without types may give
    expect(() => kafkaRDD({} as never, options)).toThrow(
      expect.objectContaining({ code: "KAFKA_OPTIONS", message: expect.stringMatching(message) }),
    );
  });
});
