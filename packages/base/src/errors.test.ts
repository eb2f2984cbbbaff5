import { expect, test } from "vitest";
import { EngineError, errorKind, fromWireError, invariantBroken, toWireError } from "./errors.ts";

const blockMissing = errorKind("BLOCK_MISSING", "environment", "parent-stage");

test("an error crosses a process with its code, blame, retry, fields, site, stack and cause", () => {
  const site = { file: "job.ts", line: 12, column: 8 };
  const error = blockMissing("gone", { fields: { block: "b1" }, site, cause: new TypeError("inner") });
  const back = fromWireError(JSON.parse(JSON.stringify(toWireError(error))));
  expect(back).toBeInstanceOf(EngineError);
  expect(back).toMatchObject({
    code: "BLOCK_MISSING",
    blame: "environment",
    retry: "parent-stage",
    fields: { block: "b1" },
    site,
  });
  expect(back.message).toBe("[BLOCK_MISSING] gone (job.ts:12:8)");
  expect(back.stack).toBe(error.stack);
  expect(back.cause).toMatchObject({ name: "TypeError", message: "inner" });
});

test("a thrown value that is not an Error keeps its description", () => {
  expect(fromWireError(toWireError("just text")).message).toBe("just text");
  expect(fromWireError(toWireError({ a: 1 }))).toMatchObject({ name: "NonError", message: "{ a: 1 }" });
});

test("a stack reaches the author's code through many calls of the engine", () => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 10;
  const deep = (calls: number): EngineError => (calls === 0 ? invariantBroken("deep") : deep(calls - 1));
  const { stack = "" } = (function authorsCode() {
    return deep(20);
  })();
  expect(Error.stackTraceLimit).toBe(10);
  Error.stackTraceLimit = limit;
  expect(stack).toMatch(/^EngineError: \[INVARIANT_BROKEN\] deep\n/);
  expect(stack).toContain("at authorsCode");
});
