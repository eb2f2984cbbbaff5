import type { AnyFunction } from "@millrace/operators";
import { describe, expect, test } from "vitest";
import { engineFunction, engineFunctionIds } from "./engine-functions.ts";
import { engineRefs, engineRefWith } from "./function-ref.ts";
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

describe("functions of the engine", () => {
  test("exist for every reference that lineage has", () => {
    for (const { id } of [...Object.values(engineRefs), engineRefWith("keyBy", () => [])]) {
      expect(engineFunctionIds).toContain(id);
    }
    expect(() => engineFunction("millrace:none")).toThrow(/FUNCTION_UNKNOWN/);
  });

  test("take what their use captures", () => {
    const keyBy = engineFunction("millrace:keyBy", [(word: string) => word.length]) as (value: unknown) => unknown;
    expect(keyBy("abc")).toEqual([3, "abc"]);
  });

  test("count a partition, and add counts up to one number even if there are none", () => {
    const count = engineFunction("millrace:countPartition") as (values: Iterable<unknown>) => unknown;
    const sum = engineFunction("millrace:sumPartition") as (values: Iterable<unknown>) => unknown;
    expect([count(["a", "b"]), count([]), sum([2, 3]), sum([])]).toEqual([[2], [0], [5], [0]]);
  });
});
