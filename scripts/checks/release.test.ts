import { expect, test } from "vitest";
import { findReleaseProblems } from "./release.mjs";
import type { Package } from "./workspace.mjs";

const CHANGELOG = "# millrace\n\n## 1.2.0\n\n### Minor Changes\n\n- It flies.\n\n## 1.1.0\n";
const CHANGE = '---\n"millrace": patch\n---\n\nIt lands.\n';

function problems({
  versions = {},
  changelog = CHANGELOG,
  changes = {},
}: Partial<Record<string, unknown>> & {
  versions?: Record<string, string>;
  changelog?: string;
  changes?: Record<string, string>;
}): readonly string[] {
  const packages = Object.entries({ millrace: "1.2.0", ...versions }).map(
    ([name, version]): Package => ({
      folder: `packages/${name}`,
      manifest: { name, version },
      references: [],
      sources: [],
    }),
  );
  const workspace = { packages, root: { name: "root" } };
  return findReleaseProblems(workspace, { changelog, changes: new Map(Object.entries(changes)) }).map(
    ({ where, what }) => `${where}: ${what}`,
  );
}

test("one version, its entry and changes that wait are as they should be", () => {
  expect(problems({ versions: { base: "1.2.0" }, changes: { ".changeset/a.md": CHANGE } })).toEqual([]);
});

test("a package with another version is named", () => {
  expect(problems({ versions: { base: "1.1.0" } })).toEqual([
    "packages/base/package.json: its version is 1.1.0, and that of millrace is 1.2.0",
  ]);
});

test.each([
  ["", "its title is missing"],
  ["# millrace\n", "its newest entry is missing, and the packages have version 1.2.0"],
  ["# millrace\n\n## 1.1.0\n", "its newest entry is 1.1.0, and the packages have version 1.2.0"],
  ["# millrace\n\n## 1.2.0\n\n## Soon\n", '"Soon" is no version'],
  ["# millrace\n\n## 1.2.0\n\n## 1.2.0\n", "a version has two entries"],
])("the changelog %o is refused", (changelog, what) => {
  expect(problems({ changelog })).toEqual([`CHANGELOG.md: ${what}`]);
});

test.each([
  ["x.md", "no front matter", /could not parse changeset - missing or invalid frontmatter/],
  ["x.md", CHANGE.replace("patch", "huge"), /invalid version type "huge"/],
  ["x.md", CHANGE.replace("millrace", "@millrace/base"), /has to name "millrace" and nothing else/],
  ["x.md", CHANGE.replace("patch", 'patch\n"create-millrace": patch'), /has to name "millrace" and nothing else/],
  ["x.md", CHANGE.replace("patch", "none"), /changes no version/],
  ["x.md", CHANGE.replace("It lands.", ""), /does not say what changes/],
  ["x.json", "{}", /no change file/],
  ["x.md/", "", /no change file/],
])("the change file %s with %o is refused", (name, text, what) => {
  const found = problems({ changes: { [`.changeset/${name}`]: text } });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(what);
});
