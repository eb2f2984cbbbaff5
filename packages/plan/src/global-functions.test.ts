import type { AnyFunction } from "@millrace/operators";
import { describe, expect, test } from "vitest";
import { globalFunction, globalFunctionName } from "./global-functions.ts";

describe("built-ins", () => {
  test.each([
    [Number, "Number"],
    [JSON.parse, "JSON.parse"],
    [Math.max, "Math.max"],
    [String.prototype.trim, "String.prototype.trim"],
    [structuredClone, "structuredClone"],
  ] as [AnyFunction, string][])("%o is found again by its name", (fn, name) => {
    expect(globalFunctionName(fn)).toBe(name);
    expect(globalFunction(name)).toBe(fn);
  });

  test("are no functions of the job, and are not reached by any path", () => {
    expect(globalFunctionName(() => 1)).toBeUndefined();
    for (const name of ["Number.nothing", "constructor.x", "process", ""]) {
      expect(() => globalFunction(name)).toThrow(/FUNCTION_UNKNOWN/);
    }
  });
});
