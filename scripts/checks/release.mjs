// What a release is made of: one version for all packages, a changelog whose newest entry is that version, and files of changes
// that wait, each of which can be turned into an entry.
import parseChangeset from "@changesets/parse";
import { isVersion } from "../pack/manifest.mjs";

/**
 * @typedef {import("./deps.mjs").Problem} Problem
 * @typedef {import("./workspace.mjs").Workspace} Workspace
 */

/**
 * @param {Workspace} workspace
 * @param {{ readonly changelog: string, readonly changes: ReadonlyMap<string, string> }} release `changes`: the text of each
 *   file in .changeset, by its path.
 * @returns {readonly Problem[]}
 */
export function findReleaseProblems({ packages }, { changelog, changes }) {
  const version = packages.find(({ manifest }) => manifest.name === "millrace")?.manifest.version ?? "none";
  return [
    ...packages.flatMap(({ folder, manifest }) => findOther(folder, manifest.version, version)),
    ...findInChangelog(changelog, version),
    ...[...changes].flatMap(([path, text]) => findInChange(path, text)),
  ];
}

/**
 * @param {string} folder
 * @param {string | undefined} version
 * @param {string} expected
 * @returns {Problem[]}
 */
function findOther(folder, version, expected) {
  if (version === expected) return [];
  return [
    {
      where: `${folder}/package.json`,
      what: `its version is ${version}, and that of millrace is ${expected}`,
      fix: `write "version": "${expected}": all packages have one version`,
    },
  ];
}

/**
 * @param {string} changelog
 * @param {string} version
 * @returns {Problem[]}
 */
function findInChangelog(changelog, version) {
  const problem = (/** @type {string} */ what, /** @type {string} */ fix) => [{ where: "CHANGELOG.md", what, fix }];
  if (!changelog.startsWith("# millrace\n")) return problem("its title is missing", 'begin it with "# millrace"');
  const headings = changelog.split("\n").filter((line) => line.startsWith("## "));
  const versions = headings.map((line) => line.slice("## ".length));
  const broken = versions.find((one) => !isVersion(one));
  if (broken !== undefined)
    return problem(`"${broken}" is no version`, "entries are headed by a version alone: ## 1.2.3");
  if (new Set(versions).size < versions.length) return problem("a version has two entries", "make them one");
  if (versions[0] === version) return [];
  return problem(
    `its newest entry is ${versions[0] ?? "missing"}, and the packages have version ${version}`,
    "let `npm run release -- --prepare` write both",
  );
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {Problem[]}
 */
function findInChange(path, text) {
  const problem = (/** @type {string} */ what) => [
    { where: path, what, fix: 'write it with: npm run change -- patch "What a user notices"' },
  ];
  if (!path.endsWith(".md")) return [{ where: path, what: "it is no change file", fix: "move it elsewhere" }];
  try {
    const { releases, summary } = parseChangeset(text);
    const [release, ...others] = releases;
    if (release?.name !== "millrace" || others.length > 0) return problem('it has to name "millrace" and nothing else');
    if (release.type === "none") return problem("a change that changes no version is not listed");
    return summary === "" ? problem("it does not say what changes") : [];
  } catch (error) {
    return problem(error instanceof Error ? error.message : String(error));
  }
}
