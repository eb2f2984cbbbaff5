import { describe, expect, test } from "vitest";
import { explained } from "./errors.ts";
import { checkMalformed, checkOptions, isRead, type KafkaSourceOptions } from "./options.ts";

const good: KafkaSourceOptions = { brokers: "kafka:9092", topics: "orders" };

describe("options", () => {
  test.each<[string, Partial<Record<keyof KafkaSourceOptions, unknown>>, RegExp]>([
    ["no address", { brokers: "" }, /brokers is "".*kafka-1:9092/],
    ["an address without a port", { brokers: ["a:1", "kafka"] }, /brokers is \["a:1","kafka"\]/],
    ["no topics", { topics: undefined }, /one of topics, pattern and assign/],
    ["topics in two ways", { pattern: /x/ }, /one of topics, pattern and assign/],
    ["an empty list", { topics: [] }, /topics is empty/],
    ["a topic twice", { topics: ["a", "a"] }, /names one twice/],
    ["no name of a topic", { topics: "a b" }, /"a b" is no name of a topic/],
    ["a pattern in a text", { topics: undefined, pattern: "x.*" }, /pattern is no regular expression/],
    ["no partitions", { topics: undefined, assign: { a: [-1] } }, /assign\.a is \[-1\]/],
    ["a start that is none", { startingOffsets: "begin" }, /startingOffsets is "begin"/],
    ["an offset below 0", { startingOffsets: { offsets: { orders: { 0: -2 } } } }, /startingOffsets/],
    ["a limit of nothing", { maxRecordsPerBatch: 0 }, /maxRecordsPerBatch is 0/],
    ["half a client's certificate", { tls: { cert: "a.pem" } }, /one of cert and key/],
    ["a certificate in place of a file", { tls: { ca: "-----BEGIN CERTIFICATE-----" } }, /tls\.ca names no file/],
    ["no mechanism", { sasl: { mechanism: "NTLM" } }, /sasl\.mechanism is "NTLM"/],
    ["another isolation", { isolation: "serial" }, /isolation is "serial"/],
  ])("are refused: %s", (_, wrong, message) => {
    const options = { ...good, ...wrong } as KafkaSourceOptions; // what a job without types may give
    expect(() => checkOptions(options)).toThrow(
      expect.objectContaining({ code: "KAFKA_OPTIONS", message: expect.stringMatching(message) }),
    );
  });

  test.each<[string, unknown, RegExp]>([
    ["neither a function nor a topic", "dead", /malformed is neither a function nor \{ topic \}/],
    ["no name of a topic", { topic: "a b" }, /"a b" is no name of a topic/],
    [
      "a topic that the stream reads",
      { topic: "orders-dead" },
      /malformed\.topic is orders-dead, which the stream itself/,
    ],
  ])("say where malformed records go: not %s", (_, malformed, message) => {
    const { subscription } = checkOptions({ brokers: "a:1", pattern: /orders-.*/ });
    const reads = (topic: string): boolean => isRead(subscription, topic);
    expect(() => checkMalformed(malformed as never, reads)).toThrow(message); // as above
    expect(() => checkMalformed({ topic: "dead-orders" }, reads)).not.toThrow();
  });

  test("with a secret in them are refused, and the message does not have it", () => {
    const sasl = { mechanism: "PLAIN", username: "ada", password: "canary" } as never; // as above
    const refuse = (): unknown => checkOptions({ ...good, sasl });
    expect(refuse).toThrow(/sasl\.password does not say where the secret is/);
    expect(refuse).not.toThrow(/canary/);
  });

  test("have a pattern for whole names", () => {
    const { subscription } = checkOptions({ brokers: "a:1", pattern: /orders|clicks/gi });
    if (subscription.kind !== "pattern") throw new Error("it was to be a pattern");
    const matches = (name: string): boolean => subscription.pattern.test(name);
    expect(["orders", "Clicks", "orders-2", "orders"].map(matches)).toEqual([true, true, false, true]);
  });
});

describe("an error of the client", () => {
  const failed = (code: string, message: string, more: object = {}): Error =>
    Object.assign(new Error(message), { code, ...more });

  test.each<[string, Error, string, boolean]>([
    [
      "nobody listens",
      failed("PLT_KFK_NETWORK", "Connection failed", { cause: failed("ECONNREFUSED", "connect") }),
      "KAFKA_UNREACHABLE",
      true,
    ],
    [
      "a wrong host",
      failed("PLT_KFK_NETWORK", "Connection failed", { cause: failed("ENOTFOUND", "getaddrinfo") }),
      "KAFKA_UNREACHABLE",
      true,
    ],
    [
      "a wrong password",
      failed("PLT_KFK_NETWORK", "Connection failed", { cause: failed("PLT_KFK_AUTHENTICATION", "no") }),
      "KAFKA_CREDENTIALS",
      false,
    ],
    [
      "another authority",
      failed("PLT_KFK_NETWORK", "failed", { cause: failed("SELF_SIGNED_CERT_IN_CHAIN", "self-signed") }),
      "KAFKA_TLS",
      false,
    ],
    [
      "no right",
      failed("PLT_KFK_RESPONSE", "no", { errors: [failed("PLT_KFK_PROTOCOL", "no", { apiCode: 29 })] }),
      "KAFKA_NOT_PERMITTED",
      false,
    ],
    ["another leader", failed("PLT_KFK_PROTOCOL", "no", { apiCode: 6 }), "KAFKA_FAILED", true],
    ["a fault", new TypeError("x is no function"), "KAFKA_FAILED", false],
  ])("says what is wrong, and whether it may pass: %s", (_, error, code, passing) => {
    const told = explained(error, "asking");
    expect(told).toMatchObject({ code, passing });
    expect(told.cause).toBeUndefined(); // a client's error may hold its options
  });
});
