import { describe, expect, test } from "vitest";
import { type KafkaMessage, recordOf } from "./message.ts";

const place = { topic: "t", partition: 1 };

describe("a record to write", () => {
  test("has the bytes of texts and of bytes, wherever they are in a buffer", () => {
    const value = new Uint8Array([0, 104, 105, 0]).subarray(1, 3);
    const record = recordOf({ key: "ü", value, headers: { a: "b" }, timestamp: 7.9 }, place);
    expect(record).toMatchObject({ ...place, key: Buffer.from("ü"), value: Buffer.from("hi"), timestamp: 7n });
    expect([...(record.headers ?? [])].map(String)).toEqual(["a,b"]);
  });

  test("knows about how many bytes it takes, by which requests are cut", () => {
    expect(recordOf({ key: "abc", value: "12345", headers: { h: "xy" } }, place).bytes).toBe(24 + 3 + 5 + 3);
  });

  test("may have no key and no value", () => {
    expect(recordOf({ value: null }, place)).toEqual({ ...place, value: undefined, bytes: 24 });
  });

  test.each<[string, unknown, RegExp]>([
    ["no value", { key: "a" }, /a record for t has no value/],
    ["a number", { value: 7 }, /number is neither text nor bytes/],
    ["an object", { value: { n: 1 } }, /object is neither text nor bytes.*JSON\.stringify/],
  ])("is refused if it is none: %s", (_, message, told) => {
    const refuse = (): unknown => recordOf(message as KafkaMessage, place); // what a job without types may give
    expect(refuse).toThrow(
      expect.objectContaining({ code: "KAFKA_RECORD_MALFORMED", message: expect.stringMatching(told) }),
    );
  });
});
