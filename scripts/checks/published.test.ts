import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findPublishedTests, sweepOutputs } from "./published.mjs";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const ALL = ["src/**/*.test.ts", "src/**/*.fixture.ts"];

/** A package with these files, and what its tsconfig leaves out. */
function packed(files: readonly string[], unbuilt: readonly string[] = ALL, more: { readonly private?: true } = {}) {
  const root = mkdtempSync(join(tmpdir(), "millrace-published-"));
  folders.push(root);
  for (const file of files) {
    mkdirSync(dirname(join(root, "packages/a", file)), { recursive: true });
    writeFileSync(join(root, "packages/a", file), "");
  }
  const manifest = { name: "a", files: ["dist", "bin"], ...more };
  return {
    root,
    workspace: { root: manifest, packages: [{ folder: "packages/a", manifest, references: [], unbuilt, sources: [] }] },
  };
}

const found = ({ root, workspace }: ReturnType<typeof packed>) => {
  sweepOutputs(workspace, root);
  return findPublishedTests(workspace, root).map(({ where, what }) => `${where}: ${what}`);
};

test("what is built of sources is published", () => {
  expect(found(packed(["src/a.ts", "dist/a.js", "dist/a.d.ts", "bin/a.js"]))).toEqual([]);
});

test("a build that takes tests, or what they share, is a problem", () => {
  expect(found(packed(["src/a.ts"], ["src/**/*.test.ts"]))).toEqual([
    "packages/a/tsconfig.json: src/**/*.fixture.ts is built into what is published",
  ]);
});

test("a test in another published folder is a problem", () => {
  expect(found(packed(["bin/a.test.js"]))).toEqual([
    "packages/a/bin/a.test.js: a test, or what tests share, would be published",
  ]);
});

test("what an earlier build left of tests, fixtures and removed sources is swept away", () => {
  const left = packed(["src/a.ts", "src/b.fixture.ts", "dist/a.js", "dist/b.fixture.js", "dist/gone.js.map"]);
  expect(found(left)).toEqual([]);
  expect(readdirSync(join(left.root, "packages/a/dist"))).toEqual(["a.js"]);
});

test("of a private package nothing is published", () => {
  expect(found(packed(["dist/a.test.js"], [], { private: true }))).toEqual([]);
});
