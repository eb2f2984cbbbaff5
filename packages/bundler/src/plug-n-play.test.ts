import { expect, test } from "vitest";
import { plugNPlayAdvice } from "./plug-n-play.ts";

const MISSING = "Cannot find module 'ms' or its corresponding type declarations. (TS2307)";

test("a package that the compiler cannot find is explained where Yarn keeps packages in archives, and only there", () => {
  expect(plugNPlayAdvice([MISSING], { node: "20.19.0", pnp: "3" })).toContain("nodeLinker: node-modules");
  expect(plugNPlayAdvice(["File '@acme/base' not found. (TS6053)"], { pnp: "3" })).toContain(
    "nodeLinker: node-modules",
  );
  expect(plugNPlayAdvice([MISSING], { node: "20.19.0" })).toBe("");
  expect(plugNPlayAdvice(["Type 'string' is not assignable to type 'number'. (TS2322)"], { pnp: "3" })).toBe("");
});
