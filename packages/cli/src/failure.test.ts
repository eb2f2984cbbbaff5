import { errorKind } from "@millrace/base";
import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { describeFailure, exitCodeOf, exitCodeOfJob } from "./failure.ts";

const syntax = errorKind("JOB_SYNTAX", "user");
const lost = errorKind("EXECUTOR_LOST", "environment");

describe("a failure", () => {
  test("is one paragraph, with its causes below", () => {
    const error = lost("x is gone. Start it.", { cause: new TypeError("socket closed") });
    expect(describeFailure(error, false)).toBe(
      "[EXECUTOR_LOST] x is gone. Start it.\n  caused by: TypeError: socket closed\n",
    );
  });
  test("does not repeat a cause that its message includes", () => {
    expect(describeFailure(lost("gone: boom.", { cause: new Error("boom") }), false)).toBe(
      "[EXECUTOR_LOST] gone: boom.\n",
    );
  });
  test("shows stacks only when asked", () => {
    const error = lost("gone.");
    expect(describeFailure(error, false)).not.toContain("failure.test.ts");
    expect(describeFailure(error, true)).toContain("failure.test.ts");
  });
  test("of a thrown string is still readable", () => {
    expect(describeFailure("boom", true)).toBe("[UNEXPECTED] boom was thrown.\n");
  });
});

test.each([
  [new CommanderError(1, "commander.unknownOption", "error: unknown option"), 2],
  [new CommanderError(0, "commander.helpDisplayed", ""), 0],
  [syntax("x"), 2],
  [errorKind("NOT_A_JOB", "user")("x"), 2],
  [lost("x"), 1],
  [new Error("x"), 1],
])("the exit code of %s is %i", (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});

test.each([
  [errorKind("BAD_ARGUMENT", "user")("x"), false, 2],
  [errorKind("BAD_ARGUMENT", "user")("x"), true, 1],
  [errorKind("CAPTURE_NOT_SHIPPABLE", "user")("x"), true, 1],
  [errorKind("JOB_CODE_FAILED", "user")("x"), false, 1],
  [errorKind("JOB_THREAD_ENDED", "user")("x"), false, 1],
  [errorKind("JOB_FILE_MISSING", "environment")("x"), false, 2],
  [lost("x"), false, 1],
])("the exit code of a job that failed with %s, its batches begun: %s, is %i", (error, ran, code) => {
  expect(exitCodeOfJob(error, ran)).toBe(code);
});
