import { describe, expect, test } from "vitest";
import { findTypeCircles } from "./circles.mjs";
import { findProblems } from "./deps.mjs";
import { parseSource } from "./workspace.mjs";

interface Given {
  readonly files?: Readonly<Record<string, string>>;
  readonly uses?: readonly string[];
  readonly dev?: readonly string[];
  readonly references?: readonly string[];
}

/** A workspace of packages with the given files; references follow the dependencies unless given. */
function workspace(given: Readonly<Record<string, Given>>) {
  const packages = Object.entries(given).map(([room, { files = {}, uses = [], dev = [], references }]) => ({
    folder: `packages/${room}`,
    manifest: {
      name: `@millrace/${room}`,
      exports: { ".": { "millrace-source": "./src/index.ts", default: "./dist/index.js" } },
      dependencies: versions(uses),
      devDependencies: versions(dev),
    },
    references:
      references ?? uses.filter((name) => name.startsWith("@millrace/")).map((name) => `packages/${name.slice(10)}`),
    sources: Object.entries({ "src/index.ts": "", ...files }).map(([path, text]) => parseSource(path, text)),
  }));
  return { packages, root: { name: "root", devDependencies: versions(["vitest"]) } };
}

const versions = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, "1.0.0"]));
const found = (given: Readonly<Record<string, Given>>) =>
  findProblems(workspace(given)).map((one) => `${one.where}: ${one.what}`);

describe("an import of another package", () => {
  test("may go up", () => {
    expect(
      found({
        base: {},
        codec: { uses: ["@millrace/base"], files: { "src/index.ts": 'import { x } from "@millrace/base";' } },
      }),
    ).toEqual([]);
  });
  test.each([
    ["a value", 'import { x } from "@millrace/codec";'],
    ["a type", 'import type { X } from "@millrace/codec";'],
    ["a type in place", 'type X = import("@millrace/codec").X;'],
    ["a late import", 'await import("@millrace/codec");'],
    ["a passing on", 'export * from "@millrace/codec";'],
  ])("must not go down: %s", (_, text) => {
    expect(found({ base: { uses: ["@millrace/codec"], files: { "src/index.ts": text } }, codec: {} })).toEqual([
      "packages/base/src/index.ts:1: @millrace/base uses @millrace/codec, which does not stand above it",
    ]);
  });
  test("must not go sideways", () => {
    const bench = { uses: ["@millrace/examples"], files: { "src/index.ts": 'import "@millrace/examples";' } };
    expect(found({ examples: {}, bench })).toEqual([
      "packages/bench/src/index.ts:1: @millrace/bench uses @millrace/examples, which does not stand above it",
    ]);
  });
  test("must be the public package, from a connector", () => {
    const text = 'import { x } from "@millrace/api";';
    expect(found({ api: {}, "connectors/box": { uses: ["@millrace/api"], files: { "src/index.ts": text } } })).toEqual([
      "packages/connectors/box/src/index.ts:1: @millrace/connectors/box is a connector and uses @millrace/api",
    ]);
  });
  test("must be declared", () => {
    expect(found({ base: {}, codec: { files: { "src/index.ts": '\nimport "@millrace/base";' } } })).toEqual([
      'packages/codec/src/index.ts:2: "@millrace/base" is not declared',
    ]);
  });
  test("must not reach past the exports", () => {
    const deep = { uses: ["@millrace/base"], files: { "src/index.ts": 'import "@millrace/base/src/clock.ts";' } };
    expect(found({ base: {}, codec: deep })).toEqual([
      'packages/codec/src/index.ts:1: "@millrace/base/src/clock.ts" reaches past the exports of @millrace/base (.)',
    ]);
  });
  test("must not be a path through the folders", () => {
    expect(found({ base: {}, codec: { files: { "src/index.ts": 'import "../../base/src/index.ts";' } } })).toEqual([
      'packages/codec/src/index.ts:1: "../../base/src/index.ts" leaves packages/codec',
    ]);
  });
  test("must not hide in the path of a string", () => {
    const text = 'new URL("../../base/dist/index.js", import.meta.url);';
    expect(found({ base: {}, codec: { files: { "src/index.ts": text } } })).toEqual([
      'packages/codec/src/index.ts:1: "../../base/dist/index.js" reaches into packages/base',
    ]);
  });
  test("in a string, or in a job's text that a test holds, is none", () => {
    const text = 'const job = `import { x } from "@millrace/cli"`; // import "@millrace/cli"';
    expect(found({ base: { files: { "src/index.ts": text } } })).toEqual([]);
  });
});

describe("a package from the registry", () => {
  test("must be declared where it is used", () => {
    expect(found({ base: { files: { "src/index.ts": 'import { z } from "zod";' } } })).toEqual([
      'packages/base/src/index.ts:1: "zod" is not declared',
    ]);
  });
  test("of the workspace's tools may serve tests only", () => {
    const text = 'import { test } from "vitest";';
    expect(found({ base: { files: { "src/a.test.ts": text } } })).toEqual([]);
    expect(found({ base: { files: { "src/index.ts": text } } })).toEqual([
      'packages/base/src/index.ts:1: "vitest" is not declared',
    ]);
  });
  test("that is a part of Node is written with node:", () => {
    expect(found({ base: { files: { "src/index.ts": 'import "fs"; import "node:path";' } } })).toEqual([
      'packages/base/src/index.ts:1: "fs" is a part of Node',
    ]);
  });
});

describe("files of a package", () => {
  test("must not need each other to load", () => {
    const files = {
      "src/index.ts": 'import "./a.ts";',
      "src/a.ts": 'import "./b.ts";',
      "src/b.ts": 'import "./a.ts";',
    };
    expect(found({ base: { files } })).toEqual([
      "packages/base/src/a.ts: a circle of imports: src/a.ts → src/b.ts → src/a.ts",
    ]);
  });
  describe("that know each other's types", () => {
    const files = {
      "src/index.ts": 'import "./a.ts";',
      "src/a.ts": 'import "./b.ts"; import "./d.ts";',
      "src/b.ts": 'import type { C } from "./c.ts";',
      "src/c.ts": 'await import("./a.ts");',
      "src/d.ts": "",
    };
    const circle = ["packages/base/src/a.ts", "packages/base/src/b.ts", "packages/base/src/c.ts"];
    const circles = (...listed: { readonly files: readonly string[]; readonly why: string }[]) =>
      findTypeCircles(workspace({ base: { files } }), listed).map((one) => `${one.where}: ${one.what}`);

    test("are no circle of values", () => {
      expect(found({ base: { files } })).toEqual([]);
    });
    test("are a circle all the same", () => {
      expect(circles()).toEqual([
        `packages/base/src/a.ts: a circle of imports, with those of types: ${circle.join(" ")}`,
      ]);
    });
    test("may stay if they are listed as one idea", () => {
      expect(circles({ files: circle, why: "they are" })).toEqual([]);
    });
    test("are listed no longer than the circle lasts, and not with files that are not in it", () => {
      const listed = [...circle, "packages/base/src/d.ts"];
      expect(circles({ files: listed, why: "they were" })).toEqual([
        `packages/base/src/a.ts: a circle of imports, with those of types: ${circle.join(" ")}`,
        `scripts/checks/circles.mjs: no such circle any more: ${listed.join(" ")}`,
      ]);
    });
  });
  test("must be reached from an entry, a test, or as a thread's path", () => {
    const files = {
      "src/index.ts": 'new URL("./thread.js", import.meta.url);',
      "src/thread.ts": "",
      "src/given.ts": "",
      "src/a.test.ts": 'import "./given.ts";',
      "src/lonely.ts": "",
    };
    expect(found({ base: { files } })).toEqual(["packages/base/src/lonely.ts: nothing imports this file"]);
  });
});

describe("a package", () => {
  test("must have a place in the order", () => {
    expect(found({ odds: {} })).toEqual([
      "packages/odds/package.json: @millrace/odds has no place in the order of packages",
    ]);
  });
  test("must refer to what it depends on, and to nothing else", () => {
    expect(found({ base: {}, codec: {}, plan: { uses: ["@millrace/base"], references: ["packages/codec"] } })).toEqual([
      "packages/plan/tsconfig.json: no reference to packages/base, a dependency",
      "packages/plan/tsconfig.json: a reference to packages/codec, which is no dependency",
    ]);
  });
});

test("what tests share is for tests alone", () => {
  const fixture = { "src/a.fixture.ts": "", "src/a.test.ts": 'import "./a.fixture.ts";' };
  expect(found({ base: { files: fixture } })).toEqual([]);
  expect(found({ base: { files: { ...fixture, "src/index.ts": 'import "./a.fixture.ts";' } } })).toEqual([
    'packages/base/src/index.ts:1: "./a.fixture.ts" is for tests, and is not built',
  ]);
});
