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
  test("that are wrong are named together, each with what would be right", () => {
    const wrong = { "stop.timeout": "never", "driver.heap": "-1", "task.attempts": "2", "batch.failure": "ignore" };
    const message = (text: RegExp) => expect(() => parseConf(wrong)).toThrow(text);
    message(/^\[BAD_CONFIGURATION\] some settings are wrong/);
    message(/stop\.timeout: "never" is not a duration\. Give/);
    message(/driver\.heap: size "-1" is not a size/);
    message(/task\.attempts: no such setting \(did you mean task\.attempts\.max\?\)/);
    message(/batch\.failure: .*"stop"/);
  });
});
