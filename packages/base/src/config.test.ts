import { describe, expect, test } from "vitest";
import { parseConf } from "./config.ts";

describe("a job's settings", () => {
  test("have defaults", () => {
    expect(parseConf({})).toMatchObject({
      "task.attempts.max": 4,
      "stop.timeout": 60_000,
      "storage.pool.bytes": 256 * 1024 ** 2,
    });
  });
  test("are read as a user writes them", () => {
    expect(parseConf({ "stop.timeout": "2m", "storage.pool.bytes": "1g", "task.attempts.max": "2" })).toMatchObject({
      "stop.timeout": 120_000,
      "storage.pool.bytes": 1024 ** 3,
      "task.attempts.max": 2,
    });
  });
  test("that are wrong are reported together, each with a valid value", () => {
    const wrong = { "stop.timeout": "never", "driver.heap": "-1", "task.attempts": "2", "batch.failure": "ignore" };
    const message = (text: RegExp) => expect(() => parseConf(wrong)).toThrow(text);
    message(/^\[BAD_CONFIGURATION\] some settings are wrong/);
    message(/stop\.timeout: "never" is not a duration\. Give/);
    message(/driver\.heap: "-1" is not a size/);
    message(/task\.attempts: no such setting \(did you mean task\.attempts\.max\?\)/);
    message(/batch\.failure: .*"stop"/);
  });
  test.each([
    [
      "stop.timeout",
      "0",
      '"0" is not a duration. Give a positive whole number of milliseconds, or text such as "500ms", "1s", "2m"',
    ],
    ["storage.pool.bytes", "0", '"0" is not a size. Give a positive number of bytes, or text such as "512m" or "1g"'],
    ["task.attempts.max", "0", 'want 1 to 255, not "0"'],
    ["task.attempts.max", "256", 'want 1 to 255, not "256"'],
    ["batches.allocated.max", "0", 'want 1 or more, not "0"'],
  ])("say %s=%s in whole sentences", (name, value, problem) => {
    expect(() => parseConf({ [name]: value })).toThrow(
      `[BAD_CONFIGURATION] a setting is wrong: ${name}: ${problem}. docs/configuration.md lists them all.`,
    );
  });
  describe.each(["driver.heap", "executor.slot.heap", "receiver.heap"])("of a heap, %s", (name) => {
    test.each(["12", 12, "31m", "100t"])("do not take what cannot work: %s", (value) => {
      expect(() => parseConf({ [name]: value })).toThrow(`${name}: want 32m to 1t, not ${JSON.stringify(value)}`);
    });
    test.each(["32m", "1t"])("take what can: %s", (value) => {
      expect(() => parseConf({ [name]: value })).not.toThrow();
    });
  });
  test("of other memory have bounds too", () => {
    expect(() => parseConf({ "storage.pool.bytes": "12" })).toThrow("storage.pool.bytes: want 64k to 1t");
    for (const name of ["receiver.buffer.bytes", "shuffle.spill.bytes", "driver.result.bytes.max"]) {
      expect(() => parseConf({ [name]: "100t" })).toThrow(`${name}: want 1t or less, not "100t"`);
      expect(() => parseConf({ [name]: 1 })).not.toThrow();
    }
  });
});
