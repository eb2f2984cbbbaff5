// What the package `millrace` holds: everything that its entries reach within the built packages, in one tree, with imports of
// workspace packages turned into relative ones.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parse } from "@babel/parser";

/**
 * @typedef {readonly Pick<import("../checks/workspace.mjs").Package, "folder" | "manifest">[]} Packages
 *
 * @typedef {object} PackedFile
 * @property {string} source From the root: `packages/base/dist/index.js`.
 * @property {string} target From the folder of the package: `dist/base/index.js`.
 * @property {string} text
 * @property {readonly string[]} strings Every string in its code.
 */

const SCOPE = "@millrace/";

/**
 * Reads what the entries reach: imports of any form, and paths in strings (the entries of threads and of processes).
 *
 * @param {Packages} packages
 * @param {string} root
 * @param {readonly string[]} entries From the root.
 * @returns {readonly PackedFile[]} Sorted by target.
 */
export function collectFiles(packages, root, entries) {
  /** @type {Map<string, PackedFile>} */
  const found = new Map();
  const queue = [...entries];
  for (let source = queue.pop(); source !== undefined; source = queue.pop()) {
    if (found.has(source)) continue;
    const { file, reached } = readFile(packages, root, source);
    found.set(source, file);
    queue.push(...reached);
  }
  return [...found.values()].sort((a, b) => (a.target < b.target ? -1 : 1));
}

/**
 * @param {Packages} packages
 * @param {string} root
 * @param {string} source
 * @returns {{ readonly file: PackedFile, readonly reached: readonly string[] }}
 */
function readFile(packages, root, source) {
  const target = targetOf(source);
  const original = readFileSync(join(root, source), "utf8");
  const literals = stringsIn(original, source);
  const reached = [];
  let text = "";
  let from = 0;
  for (const { value, start, end } of literals) {
    const other = reachedBy(packages, root, source, value);
    if (other === undefined) continue;
    if (basename(other) !== "package.json") reached.push(other); // ours instead: all packages carry one version
    text += original.slice(from, start) + JSON.stringify(specifierOf(target, targetOf(other)));
    from = end;
  }
  text = withoutMap(text + original.slice(from));
  return { file: { source, target, text, strings: literals.map(({ value }) => value) }, reached };
}

/**
 * The file that a string in another one names, from the root; `undefined` if it names none.
 *
 * @param {Packages} packages
 * @param {string} root
 * @param {string} source
 * @param {string} value
 */
function reachedBy(packages, root, source, value) {
  if (value.startsWith(SCOPE)) return exportedBy(packages, value, isDeclaration(source) ? "types" : "default");
  if (!/^\.\.?\/[^ ]*\.(c?js|ts|json)$/.test(value)) return undefined;
  const path = join(dirname(source), isDeclaration(source) ? value.replace(/\.[jt]s$/, ".d.ts") : value);
  return existsSync(join(root, path)) ? path : undefined;
}

/**
 * @param {Packages} packages
 * @param {string} specifier
 * @param {"types" | "default"} condition
 */
function exportedBy(packages, specifier, condition) {
  for (const { folder, manifest } of packages) {
    const subpath = specifier === manifest.name ? "." : specifier.replace(`${manifest.name}/`, "./");
    const file = /** @type {Readonly<Record<string, string>> | undefined} */ (manifest.exports?.[subpath])?.[condition];
    if (file !== undefined) return join(folder, file);
  }
  return undefined;
}

/** @param {string} source */
function targetOf(source) {
  const [, name = "", path = ""] = /^packages\/(.+?)\/((?:dist|bin)\/.+|[^/]+)$/.exec(source) ?? [];
  if (path === "package.json" || path.startsWith("bin/")) return path;
  return join("dist", name, path.replace(/^dist\//, ""));
}

/**
 * @param {string} from
 * @param {string} to
 */
function specifierOf(from, to) {
  const path = relative(dirname(from), to).replace(/\.d\.ts$/, ".js");
  return path.startsWith(".") ? path : `./${path}`;
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {readonly { readonly value: string, readonly start: number, readonly end: number }[]} In order of place.
 */
function stringsIn(text, path) {
  const { tokens } = parse(text, {
    sourceType: path.endsWith(".cjs") ? "script" : "module",
    tokens: true,
    plugins: isDeclaration(path) ? [["typescript", { dts: true }]] : [],
  });
  return (tokens ?? []).filter(({ type }) => type.label === "string");
}

/** @param {string} path */
function isDeclaration(path) {
  return path.endsWith(".d.ts");
}

/**
 * Maps lead to sources, which are not packed.
 *
 * @param {string} text
 */
export function withoutMap(text) {
  return text.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, "\n");
}
