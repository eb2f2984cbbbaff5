import { expect, test } from "vitest";
import { EngineError, errorKind, fromWireError, toWireError } from "./errors.ts";

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

test("a thrown value that is no Error still says what it was", () => {
  expect(fromWireError(toWireError("just text")).message).toBe("just text");
  expect(fromWireError(toWireError({ a: 1 })).message).toContain("not an Error");
});
