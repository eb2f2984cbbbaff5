// What is published holds no tests, and nothing that only tests share: neither is built.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { isTest, packedOf } from "./workspace.mjs";

/** @typedef {import("./workspace.mjs").Package} Package */
/** @typedef {import("./deps.mjs").Problem} Problem */

/** What the tsconfig of every packed package leaves out of the build. */
const UNBUILT = ["src/**/*.test.ts", "src/**/*.fixture.ts"];
const OUTPUT = /\.(js|d\.ts)(\.map)?$/;

/**
 * Removes what earlier builds made of sources that are gone, or that are not built any more: the compiler leaves it, and it
 * would be found where nobody expects it.
 *
 * @param {readonly Pick<Package, "folder" | "manifest">[]} packages
 * @param {string} root
 */
export function sweepOutputs(packages, root) {
  for (const { folder } of packedOf(packages)) {
    const dist = join(root, folder, "dist");
    for (const file of filesBelow(dist)) {
      const path = `src/${relative(dist, file).replace(OUTPUT, ".ts")}`;
      if (OUTPUT.test(file) && (isTest({ path }) || !existsSync(join(root, folder, path)))) rmSync(file);
    }
  }
}

/**
 * @param {readonly Package[]} packages
 * @returns {readonly Problem[]}
 */
export function findPublishedTests(packages) {
  return packedOf(packages).flatMap(({ folder, unbuilt = [] }) =>
    UNBUILT.filter((pattern) => !unbuilt.includes(pattern)).map((pattern) => ({
      where: `${folder}/tsconfig.json`,
      what: `${pattern} is built into what is published`,
      fix: `add "${pattern}" to its exclude; tsconfig.tests.json checks the types of tests`,
    })),
  );
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}
