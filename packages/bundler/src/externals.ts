import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Manifest } from "./artefact.ts";
import { jobPackagesMissing } from "./errors.ts";

/**
 * Finds packages that a bundle left out in the given installations; the first match wins. Set the result as
 * `globalThis[Symbol.for("millrace.external")]` before importing a job with externals.
 *
 * @param folders Folders from which `node_modules` is searched, upwards, as Node does.
 */
export function externalLoader(folders: readonly string[]): (specifier: string) => unknown {
  return (specifier) => {
    for (const folder of folders) {
      const require = createRequire(join(folder, "resolve.js"));
      const path = resolveFrom(require, specifier);
      if (path !== undefined) return require(path);
    }
    throw missing([packageNameOf(specifier)], folders);
  };
}

/** Fails with the names of all packages that the job needs and this installation lacks. */
export function checkExternals(manifest: Manifest, folders: readonly string[]): void {
  const absent = manifest.externals
    .filter(({ name }) => folders.every((folder) => !isInstalled(folder, name)))
    .map(({ name, version }) => `${name}@${version}`);
  if (absent.length > 0) throw missing(absent, folders);
}

/**
 * Whether a folder of that name exists where Node would look; what its `exports` allow is not checked. Yarn's Plug'n'Play
 * has no such folders, and is asked instead.
 */
function isInstalled(folder: string, name: string): boolean {
  const require = createRequire(join(folder, "resolve.js"));
  const places = require.resolve.paths(name) ?? [];
  if (places.some((place) => existsSync(join(place, name, "package.json")))) return true;
  return process.versions.pnp !== undefined && resolveFrom(require, name) !== undefined;
}

function resolveFrom(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return undefined;
    throw error; // it exists and is broken: its own error says more
  }
}

/** `@img/sharp` of `@img/sharp/lib/index.js`. */
function packageNameOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function missing(names: readonly string[], folders: readonly string[]) {
  return jobPackagesMissing(
    `The job needs ${names.join(", ")}, which cannot travel in its bundle and ${names.length === 1 ? "is" : "are"} not ` +
      `installed here (searched from ${folders.join(", ")}); it was not loaded. Run \`npm install ${names.join(" ")}\` there, on ` +
      "every machine of the cluster or in its image, or start this process in a folder that has it, and the job again.",
    { fields: { packages: names.join(",") } },
  );
}
