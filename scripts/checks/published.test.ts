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

/** `millrace` with one package that it needs, which has these files, and what the tsconfig of that leaves out. */
function packed(files: readonly string[], unbuilt: readonly string[] = ALL) {
  const root = mkdtempSync(join(tmpdir(), "millrace-published-"));
  folders.push(root);
  for (const file of files) {
    mkdirSync(dirname(join(root, "packages/a", file)), { recursive: true });
    writeFileSync(join(root, "packages/a", file), "");
  }
  const parts = { references: [], sources: [] };
  const packages = [
    { folder: "packages/a", manifest: { name: "@millrace/a" }, unbuilt, ...parts },
    {
      ...{ folder: "packages/millrace", unbuilt: ALL, ...parts },
      manifest: { name: "millrace", dependencies: { "@millrace/a": "workspace:*" } },
    },
    { folder: "packages/bench", manifest: { name: "@millrace/bench" }, unbuilt: [], ...parts },
  ];
  return { root, packages };
}

const found = ({ packages }: ReturnType<typeof packed>) =>
  findPublishedTests(packages).map(({ where, what }) => `${where}: ${what}`);

test("a build that takes tests, or what they share, is a problem, unless millrace does not need the package", () => {
  expect(found(packed([]))).toEqual([]);
  expect(found(packed([], ["src/**/*.test.ts"]))).toEqual([
    "packages/a/tsconfig.json: src/**/*.fixture.ts is built into what is published",
  ]);
});

test("what an earlier build left of tests, fixtures and removed sources is swept away", () => {
  const { root, packages } = packed([
    "src/a.ts",
    "src/b.fixture.ts",
    "dist/a.js",
    "dist/b.fixture.js",
    "dist/gone.js.map",
  ]);
  sweepOutputs(packages, root);
  expect(readdirSync(join(root, "packages/a/dist"))).toEqual(["a.js"]);
});
