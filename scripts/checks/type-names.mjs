// One name, one type: names that two packages give to types of their own. A re-export is the same type, and counts for none.

/** @typedef {import("./workspace.mjs").Workspace} Workspace */

/** Packages of measurements, examples and tests: nobody reads their types beside the engine's. */
const ASIDE = new Set(["packages/bench", "packages/conformance", "packages/examples"]);
const HELPER = /\.(test|fixture|test-arbitrary|test-property)\.ts$|-lab\.ts$/;
const EXPORTED_TYPE = /^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm;

/**
 * The type names that more than one package exports, with the files that do.
 *
 * @param {Workspace} workspace
 * @returns {ReadonlyMap<string, readonly string[]>} In order of names.
 */
export function typeNamesInTwoPackages(workspace) {
  /** @type {Map<string, { folder: string, file: string }[]>} */
  const places = new Map();
  for (const { folder, sources } of workspace.packages) {
    if (ASIDE.has(folder)) continue;
    for (const { path, text } of sources) {
      if (!path.startsWith("src/") || HELPER.test(path)) continue;
      for (const [, name = ""] of text.matchAll(EXPORTED_TYPE)) {
        places.set(name, [...(places.get(name) ?? []), { folder, file: `${folder}/${path}` }]);
      }
    }
  }
  const twice = [...places].filter(([, found]) => new Set(found.map((one) => one.folder)).size > 1);
  return new Map(
    twice.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, found]) => [name, found.map((one) => one.file)]),
  );
}
