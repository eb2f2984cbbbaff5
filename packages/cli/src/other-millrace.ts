import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";

/**
 * What to say if a job's project has another version of `millrace` than this command, as when the command is installed
 * globally: the job's editor and its tests know the project's.
 *
 * @param own The version of this command.
 * @returns `undefined` if the project has the same version, or none.
 */
export function otherMillrace(jobFile: string, own: string): string | undefined {
  const manifest = manifestFrom(resolve(jobFile));
  if (manifest === undefined) return undefined;
  const version = versionIn(manifest);
  if (version === own) return undefined;
  const folder = dirname(createRequire(import.meta.url).resolve("../package.json"));
  return (
    `the project of ${basename(jobFile)} has millrace ${version} (${dirname(manifest)}), and this command is millrace ${own} ` +
    `(${folder}): the job is checked, built and run with ${own}. To use the project's, run it there with npx millrace`
  );
}

function manifestFrom(file: string): string | undefined {
  try {
    return createRequire(file).resolve("millrace/package.json");
  } catch {
    return undefined; // a single file, or a version that tells no one its number
  }
}

function versionIn(manifest: string): string {
  const parsed: unknown = JSON.parse(readFileSync(manifest, "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
