// A connector, such as `@millrace/kafka`: packed as it is built, to be installed beside `millrace`.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutMap } from "./files.mjs";

/**
 * Writes what is packed to a folder.
 *
 * @param {string} root
 * @param {string} folder Of the package, from the root.
 * @param {string} stage
 * @param {string} version Of this package, and of the `millrace` that it is installed beside.
 */
export function stageConnector(root, folder, stage, version) {
  const dist = join(root, folder, "dist");
  mkdirSync(join(stage, "dist"), { recursive: true });
  for (const file of readdirSync(dist).filter((name) => /\.(js|d\.ts)$/.test(name)))
    writeFileSync(join(stage, "dist", file), withoutMap(readFileSync(join(dist, file), "utf8")));
  cpSync(join(root, folder, "README.md"), join(stage, "README.md"));
  cpSync(join(root, "LICENSE"), join(stage, "LICENSE"));
  const manifest = packedConnector(JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")), version);
  writeFileSync(join(stage, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * The package.json of a packed connector.
 *
 * @param {Readonly<Record<string, unknown>> & { readonly exports: Readonly<Record<string, unknown>> }} manifest
 * @param {string} version
 */
export function packedConnector({ private: _, devDependencies, ...manifest }, version) {
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([subpath, entry]) => [subpath, withoutSource(entry)]),
  );
  return { ...manifest, version, exports, peerDependencies: { millrace: `^${version}` } };
}

/** @param {unknown} entry Sources are not packed. */
function withoutSource(entry) {
  if (typeof entry !== "object" || entry === null) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([condition]) => condition !== "millrace-source"));
}
