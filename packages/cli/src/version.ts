import { createRequire } from "node:module";

const installed: unknown = createRequire(import.meta.url)("../package.json");

/**
 * The version of an installation, and which commit it was packed from: `0.1.0 (commit 1f3a…)`. All packages of a checkout carry
 * one number; what is packed from them has `gitHead` in its package.json, by npm's custom, unless git was not there.
 *
 * @param manifest That package.json; the tests give others than ours.
 */
export function describeVersion(manifest: unknown = installed): string {
  const version = fieldOf(manifest, "version") ?? "unknown";
  const commit = fieldOf(manifest, "gitHead");
  if (commit !== undefined) return `${version} (commit ${commit})`;
  return fieldOf(manifest, "name") === "millrace" ? version : `${version} (checkout)`;
}

function fieldOf(manifest: unknown, name: string): string | undefined {
  if (typeof manifest !== "object" || manifest === null) return undefined;
  const value: unknown = Reflect.get(manifest, name);
  return typeof value === "string" ? value : undefined;
}
