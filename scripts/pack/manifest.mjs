// The package.json of the packed `millrace`.

/**
 * @typedef {readonly Pick<import("../checks/workspace.mjs").Package, "folder" | "manifest">[]} Packages
 * @typedef {import("./files.mjs").PackedFile} PackedFile
 *
 * @typedef {object} Published What packages/millrace/package.json says of the package.
 * @property {string} name
 * @property {string} version
 * @property {string | undefined} gitHead The commit that it is packed from: npm's name for it, which `millrace --version` shows.
 * @property {string} description
 * @property {readonly string[]} keywords
 * @property {string} license
 * @property {string} homepage
 * @property {object} repository
 * @property {object} engines
 * @property {Readonly<Record<string, string>>} bin
 * @property {Readonly<Record<string, string | Readonly<Record<"types" | "default", string>>>>} exports
 */

/**
 * Whether this is a semantic version, as `npm publish` takes it and the changelog is headed by it.
 *
 * @param {string} text
 */
export function isVersion(text) {
  return /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$/.test(text);
}

/**
 * What jobs, tests and terminals begin with, from the root.
 *
 * @param {Published} published
 * @returns {readonly string[]}
 */
export function entriesOf({ bin, exports }) {
  const files = [...Object.values(bin), ...Object.values(exports).flatMap((entry) => conditionsOf(entry))];
  return files.filter((file) => file !== "./package.json").map((file) => file.replace("./", "packages/millrace/"));
}

/**
 * @param {Published} published
 * @param {Packages} packages
 * @param {readonly PackedFile[]} files
 */
export function packedManifest(published, packages, files) {
  const { name, version, gitHead, description, keywords, license, homepage, repository, engines, bin } = published;
  const targets = new Map(
    files.map(({ source, target }) => [source.replace("packages/millrace/", "./"), `./${target}`]),
  );
  const exports = Object.fromEntries(
    Object.entries(published.exports).map(([subpath, entry]) => [
      subpath,
      typeof entry === "string" ? entry : { types: targets.get(entry.types), default: targets.get(entry.default) },
    ]),
  );
  return {
    ...{ name, version, gitHead, description, keywords, license, homepage, repository },
    ...{ type: "module", engines, bin, exports },
    // Threads and processes are started from files, and esbuild is a program: neither works out of an archive.
    preferUnplugged: true,
    dependencies: dependenciesOf(packages, files),
  };
}

/**
 * What the packed files import of other people's packages, at the versions that the workspace is tested with.
 *
 * @param {Packages} packages
 * @param {readonly PackedFile[]} files
 * @returns {Readonly<Record<string, string>>}
 */
function dependenciesOf(packages, files) {
  const mentioned = new Set(files.flatMap(({ strings }) => strings.map(packageOf)));
  const declared = packages
    .filter(({ folder }) => files.some(({ source }) => source.startsWith(`${folder}/`)))
    .flatMap(({ manifest }) => Object.entries(manifest.dependencies ?? {}))
    .filter(([name, range]) => !range.startsWith("workspace:") && mentioned.has(name));
  return Object.fromEntries(declared.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * `@types/node` of `@types/node/package.json`.
 *
 * @param {string} specifier
 */
function packageOf(specifier) {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** @param {string | Readonly<Record<"types" | "default", string>>} entry */
function conditionsOf(entry) {
  return typeof entry === "string" ? [entry] : [entry.types, entry.default];
}
