import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { ExternalPackage } from "./artefact.ts";

/** A package in `node_modules`, the unit that is moved into a bundle or left outside. */
export interface FoundPackage {
  readonly name: string;
  readonly folder: string;
}

const NODE_MODULES = `${sep}node_modules${sep}`;

/** The package that a file belongs to; `undefined` for the author's own files. */
export function packageOf(path: string): FoundPackage | undefined {
  const at = path.lastIndexOf(NODE_MODULES);
  if (at === -1) return undefined;
  const start = at + NODE_MODULES.length;
  const [first = "", second = ""] = path.slice(start).split(sep, 2);
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  return { name, folder: join(path.slice(0, start), name) };
}

/** Limits of the search for native parts in a package's folder: depth, and number of entries. */
const DEPTH_MAX = 4;
const ENTRIES_MAX = 4000;

const NATIVE_HELPERS = new Set([
  "bindings",
  "node-gyp-build",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "prebuild-install",
]);
const PLATFORM_PACKAGE = /(linux|darwin|win32|freebsd|android)-(x64|arm64|arm|ia32)/;

/** Checks each package once for parts that a bundle cannot carry. */
export class PackageInspector {
  readonly #seen = new Map<string, ExternalPackage | undefined>();

  /** The package's entry in the manifest if it must stay outside the bundle. */
  inspect(found: FoundPackage): ExternalPackage | undefined {
    if (!this.#seen.has(found.folder)) this.#seen.set(found.folder, look(found));
    return this.#seen.get(found.folder);
  }

  /** Records that a package's code finds its own files by its location, which it would lose in a bundle. */
  keepOutside(found: FoundPackage, reason: string): void {
    this.#seen.set(found.folder, { name: found.name, version: versionIn(readPackageJson(found.folder)), reason });
  }
}

function look({ name, folder }: FoundPackage): ExternalPackage | undefined {
  const json = readPackageJson(folder);
  const reason = nativeByManifest(json) ?? nativeByFiles(folder);
  return reason === undefined ? undefined : { name, version: versionIn(json), reason };
}

function nativeByManifest(json: Readonly<Record<string, unknown>>): string | undefined {
  if (json.gypfile === true) return "has native parts (gypfile)";
  const helper = namesIn(json.dependencies).find((name) => NATIVE_HELPERS.has(name));
  if (helper !== undefined) return `has native parts (it uses ${helper})`;
  const platforms = namesIn(json.optionalDependencies).filter((name) => PLATFORM_PACKAGE.test(name));
  const platform = platforms.find((name) => name.includes(`${process.platform}-${process.arch}`)) ?? platforms[0];
  return platform === undefined ? undefined : `has native parts (${platform})`;
}

function nativeByFiles(folder: string): string | undefined {
  let left = ENTRIES_MAX;
  const visit = (dir: string, depth: number): string | undefined => {
    for (const entry of entriesOf(dir)) {
      if (--left < 0) return undefined;
      if (entry.isFile() && /\.(node|wasm)$|^binding\.gyp$/.test(entry.name)) return entry.name;
      if (!entry.isDirectory() || entry.name === "node_modules" || depth === DEPTH_MAX) continue;
      const found = visit(join(dir, entry.name), depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const found = visit(folder, 1);
  return found === undefined ? undefined : `has native parts or assets (${found})`;
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readPackageJson(folder: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof json === "object" && json !== null ? { ...json } : {};
  } catch {
    return {}; // a folder in node_modules that is not a package has no native parts
  }
}

function versionIn(json: Readonly<Record<string, unknown>>): string {
  return typeof json.version === "string" ? json.version : "unknown";
}

function namesIn(dependencies: unknown): string[] {
  return typeof dependencies === "object" && dependencies !== null ? Object.keys(dependencies) : [];
}

/** Code that looks for files beside itself. */
export function findsFilesByPlace(code: string): string | undefined {
  return /\b__dirname\b|\bimport\.meta\.(?:url|dirname|filename)\b/.exec(code)?.[0];
}
