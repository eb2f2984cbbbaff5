// What is published holds no tests, and nothing that only tests share.
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { isTest } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Workspace} Workspace */
/** @typedef {import("./workspace.mjs").Package} Package */
/** @typedef {import("./deps.mjs").Problem} Problem */

/** What the tsconfig of every published package leaves out of the build. */
const UNBUILT = ["src/**/*.test.ts", "src/**/*.fixture.ts"];
/** What `npm create` copies: the tests there are those of whoever it makes a project for. */
const TEMPLATE = /^template\//;
const OUTPUT = /\.(js|d\.ts)(\.map)?$/;

/**
 * Removes what earlier builds made of sources that are gone, or that are not built any more: the compiler leaves it, and it
 * would be published.
 *
 * @param {Workspace} workspace
 * @param {string} root
 */
export function sweepOutputs(workspace, root) {
  for (const { folder } of workspace.packages.filter(isPublished)) {
    const dist = join(root, folder, "dist");
    for (const file of filesBelow(dist)) {
      const path = `src/${relative(dist, file).replace(OUTPUT, ".ts")}`;
      if (OUTPUT.test(file) && (isTest({ path }) || !existsSync(join(root, folder, path)))) rmSync(file);
    }
  }
}

/**
 * @param {Workspace} workspace
 * @param {string} root
 * @returns {readonly Problem[]}
 */
export function findPublishedTests(workspace, root) {
  return workspace.packages.filter(isPublished).flatMap((one) => [
    ...findBuilt(one),
    ...findPacked(
      one,
      (one.manifest.files ?? []).flatMap((entry) =>
        filesBelow(join(root, one.folder, entry)).map((file) => relative(join(root, one.folder), file)),
      ),
    ),
  ]);
}

/**
 * @param {Package} one
 * @returns {Problem[]}
 */
function findBuilt({ folder, unbuilt = [] }) {
  return UNBUILT.filter((pattern) => !unbuilt.includes(pattern)).map((pattern) => ({
    where: `${folder}/tsconfig.json`,
    what: `${pattern} is built into what is published`,
    fix: `add "${pattern}" to its exclude; tsconfig.tests.json checks the types of tests`,
  }));
}

/**
 * @param {Package} one
 * @param {readonly string[]} files What npm would pack, from the package's folder.
 * @returns {Problem[]}
 */
function findPacked({ folder }, files) {
  return files
    .filter((path) => !TEMPLATE.test(path))
    .filter((path) => isTest({ path: path.replace(OUTPUT, ".ts") }) || /(^|\/)testdata\//.test(path))
    .map((path) => ({
      where: `${folder}/${path}`,
      what: "a test, or what tests share, would be published",
      fix: "move it out of the folders that `files` of the package.json names",
    }));
}

/** @param {Package} one */
function isPublished({ manifest }) {
  return manifest.private !== true;
}

/**
 * @param {string} path A folder, a file, or nothing.
 * @returns {string[]}
 */
function filesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isDirectory() ? readdirSync(path).flatMap((name) => filesBelow(join(path, name))) : [path];
}
