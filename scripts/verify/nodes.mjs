// Other Nodes than the one that runs this: npm has them as packages.
import { join } from "node:path";
import { run } from "./processes.mjs";

/**
 * Installs a Node.
 *
 * @param {string} folder With a package.json of its own.
 * @param {string} version `20.19`, `latest`.
 * @returns {string} Its path.
 */
export function installNode(folder, version) {
  const binary = `node-${process.platform}-${process.arch}`;
  run(folder, "npm", "install", "--no-audit", "--no-fund", "--no-save", "--force", `${binary}@${version}`);
  return join(folder, "node_modules", binary, "bin/node");
}
