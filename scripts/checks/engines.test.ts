import { describe, expect, test } from "vitest";
import { findTooNew } from "./engines.mjs";

/** A lockfile with packages, by name and version, and the Node that each asks for. */
const lockfile = (asked: Readonly<Record<string, string>>): string =>
  `lockfileVersion: '9.0'\n\npackages:\n\n${Object.entries({ ...TRIED, ...asked })
    .map(([key, node]) => `  '${key}':\n    resolution: {integrity: sha512-x}\n    engines: {node: '${node}'}\n`)
    .join("\n")}\nsnapshots:\n\n  'later@1.0.0': {}\n`;

const TRIED = {
  "@platformatic/kafka@1.0.0": ">= 20.19.4",
  "@platformatic/dynamic-buffer@1.0.0": ">= 22.19.0",
  "@platformatic/wasm-utils@1.0.0": ">= 22.19.0",
};

const found = (asked: Readonly<Record<string, string>>): string[] =>
  findTooNew(lockfile(asked)).map(({ what }) => what);

describe("what is installed", () => {
  test("may ask for the floor or for less, and some may ask for more", () => {
    expect(found({ "old@1.0.0": ">=18", "exact@2.0.0": ">=20.19.0", "either@1.0.0": "^20.0.0 || >=22" })).toEqual([]);
  });

  test("must not ask for a newer Node", () => {
    expect(found({ "@scope/young@3.1.0": ">=22.0.0", "patch@1.0.0": ">=20.19.1" })).toEqual([
      "@scope/young@3.1.0 asks for Node >=22.0.0, and ours runs on 20.19.0",
      "patch@1.0.0 asks for Node >=20.19.1, and ours runs on 20.19.0",
    ]);
  });

  test("is no exception for nothing", () => {
    expect(found({ "@platformatic/kafka@1.0.0": ">=20" })).toEqual([
      "@platformatic/kafka asks for nothing that 20.19.0 is too old for",
    ]);
  });
});
