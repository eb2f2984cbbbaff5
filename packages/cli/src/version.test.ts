import { expect, test } from "vitest";
import { describeVersion } from "./version.ts";

test.each([
  [{ name: "millrace", version: "1.2.3", gitHead: "1f3a" }, "1.2.3 (commit 1f3a)"],
  [{ name: "millrace", version: "1.2.3" }, "1.2.3"],
  [{ name: "@millrace/cli", version: "1.2.3" }, "1.2.3 (checkout)"],
])("%o is described as %s", (manifest, text) => {
  expect(describeVersion(manifest)).toBe(text);
});

test("a checkout says that it is one", () => {
  expect(describeVersion()).toMatch(/^\d+\.\d+\.\d+.* \(checkout\)$/);
});
