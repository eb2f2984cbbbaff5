import { createRequire } from "node:module";
import { join } from "node:path";
import type { Manifest } from "./artefact.ts";
import { jobPackagesMissing } from "./errors.ts";

/**
 * Finds packages that a bundle left out, in the installations given, first match wins. Set the result as
 * `globalThis[Symbol.for("millrace.external")]` before a job with externals is imported.
 *
 * @param folders Folders from whose point of view `node_modules` is searched, upwards, as Node does.
 */
export function externalLoader(folders: readonly string[]): (specifier: string) => unknown {
  return (specifier) => {
    for (const folder of folders) {
      const require = createRequire(join(folder, "resolve.js"));
      const path = resolveFrom(require, specifier);
      if (path !== undefined) return require(path);
    }
    throw missing([specifier], folders);
  };
}

/** Fails with the names of all packages that the job needs and this installation lacks. */
export function checkExternals(manifest: Manifest, folders: readonly string[]): void {
  const absent = manifest.externals
    .filter(({ name }) => folders.every((folder) => !isInstalled(folder, name)))
    .map(({ name, version }) => `${name}@${version}`);
  if (absent.length > 0) throw missing(absent, folders);
}

function isInstalled(folder: string, name: string): boolean {
  const require = createRequire(join(folder, "resolve.js"));
  // A package may forbid its bare name or its package.json in `exports`; either proves that it is there.
  return resolveFrom(require, name) !== undefined || resolveFrom(require, `${name}/package.json`) !== undefined;
}

function resolveFrom(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}

function missing(names: readonly string[], folders: readonly string[]) {
  return jobPackagesMissing(
    `The job needs ${names.join(", ")}, which cannot travel in its bundle and ${names.length === 1 ? "is" : "are"} not ` +
      `installed here (searched from ${folders.join(", ")}); it was not loaded. Install with: npm install ${names.join(" ")}`,
    { fields: { packages: names.join(",") } },
  );
}
