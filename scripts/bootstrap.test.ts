import { expect, test } from "vitest";
import { CannotStart, checkNode } from "./bootstrap.mjs";

test.each(["20.19.0", "20.20.2", "22.0.0", "24.1.0"])("Node %s will do", (version) => {
  expect(() => checkNode(version)).not.toThrow();
});

test.each(["20.18.9", "18.20.0", "4.0.0"])("Node %s is refused with what to do", (version) => {
  expect(() => checkNode(version)).toThrow(CannotStart);
  expect(() => checkNode(version)).toThrow(/needs 20\.19 or newer.*Install/);
});
