import { expect, test } from "vitest";
import { typeNamesInTwoPackages } from "./type-names.mjs";
import { parseSource } from "./workspace.mjs";

/** The names that two of these packages export: `name: its files`. */
function twice(files: Readonly<Record<string, string>>): string[] {
  const folders = new Set(Object.keys(files).map((path) => path.split("/").slice(0, 2).join("/")));
  const packages = [...folders].map((folder) => ({
    folder,
    manifest: { name: folder },
    references: [],
    sources: Object.entries(files)
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, text]) => parseSource(path.slice(folder.length + 1), text)),
  }));
  return [...typeNamesInTwoPackages({ root: { name: "root" }, packages })].map(
    ([name, at]) => `${name}: ${at.join(" ")}`,
  );
}

test("a type that two packages export is named, with its files", () => {
  expect(
    twice({
      "packages/a/src/job.ts": "export interface Job {}",
      "packages/b/src/work.ts": "export abstract class Job {}\nexport type Work = string;",
    }),
  ).toEqual(["Job: packages/a/src/job.ts packages/b/src/work.ts"]);
});

test.each([
  [
    "of one package alone",
    { "packages/a/src/x.ts": "export type A = 1;", "packages/a/src/y.ts": "export type A = 2;" },
  ],
  ["passed on", { "packages/a/src/x.ts": "export type A = 1;", "packages/b/src/x.ts": 'export type { A } from "a";' }],
  ["kept to a file", { "packages/a/src/x.ts": "export type A = 1;", "packages/b/src/x.ts": "type A = 1;" }],
  ["of a test", { "packages/a/src/x.ts": "export type A = 1;", "packages/b/src/x.fixture.ts": "export type A = 1;" }],
  [
    "of an example",
    { "packages/a/src/x.ts": "export type A = 1;", "packages/examples/src/x.ts": "export type A = 1;" },
  ],
])("a type %s is none", (_, files) => {
  expect(twice(files)).toEqual([]);
});
