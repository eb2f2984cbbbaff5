// The package `create-millrace`, which `npm create millrace` runs: packed as it is built, with the template's files.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isTest } from "../checks/workspace.mjs";
import { withoutMap } from "./files.mjs";

/**
 * Writes what is packed to a folder.
 *
 * @param {string} root
 * @param {string} stage
 * @param {string} version Of this package, and of the `millrace` that projects get.
 */
export function stageCreator(root, stage, version) {
  const folder = join(root, "packages/create-millrace");
  mkdirSync(join(stage, "dist"), { recursive: true });
  for (const source of readdirSync(join(folder, "src"))) {
    if (isTest({ path: source })) continue;
    const built = join("dist", source.replace(/\.ts$/, ".js"));
    writeFileSync(join(stage, built), withoutMap(readFileSync(join(folder, built), "utf8")));
  }
  cpSync(join(folder, "template"), join(stage, "template"), { recursive: true });
  cpSync(join(folder, "README.md"), join(stage, "README.md"));
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  // `private` keeps the workspace's own from being published; what the template is checked with here is in nobody else's.
  const { private: _, devDependencies, ...manifest } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  writeFileSync(join(stage, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`);
}
