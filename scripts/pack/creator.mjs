// The package `create-millrace`, which `npm create millrace` runs: packed as it is built, with the template's files.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes what is packed to a folder.
 *
 * @param {string} root
 * @param {string} stage Emptied first.
 * @param {string} version Of this package, and of the `millrace` that projects get.
 */
export function stageCreator(root, stage, version) {
  const folder = join(root, "packages/create-millrace");
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const part of ["dist", "template"]) cpSync(join(folder, part), join(stage, part), { recursive: true });
  cpSync(join(folder, "README.md"), join(stage, "README.md"));
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  // What this workspace checks the template with is in nobody else's.
  const { devDependencies, ...manifest } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  writeFileSync(join(stage, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
}
