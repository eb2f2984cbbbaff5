import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname } from "node:path";
import type { OnLoadArgs, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { ExternalPackage } from "./artefact.ts";
import { hooksModule } from "./lift/hooks-module.ts";
import type { LiftedFile } from "./lift/lift-file.ts";
import { HOOKS_MODULE } from "./lift/places.ts";
import { type FoundPackage, findsFilesByPlace, type PackageInspector, packageOf } from "./packages.ts";

export type Build = "driver" | "executor";

/** The plugin's interface to the bundler. */
export interface JobSources {
  readonly packages: PackageInspector;
  /** The installed package that contains the job file, if any: its files are the author's. */
  readonly ownPackage: string | undefined;
  readonly apiExports: readonly string[] | undefined;
  /** Packages left outside the bundle, by name. */
  readonly externals: Map<string, ExternalPackage>;
  lift(path: string): Promise<LiftedFile>;
  /** Called with each of the author's files before it is read. */
  readonly onFile: ((path: string) => void) | undefined;
  /** A package was found to depend on its place on disk: bundle again without it. */
  repeat(): void;
}

const HOOKS = "millrace-hooks";
const API = "millrace-api";
const EXTERNAL = "millrace-external";
/** Marks our own call of esbuild's resolver. */
const RESOLVING = Symbol("resolving");

/** Feeds lifted files, the hooks, `millrace` and external packages to esbuild. */
export function jobPlugin(which: Build, sources: JobSources): Plugin {
  return {
    name: "millrace-job",
    setup(build) {
      build.onResolve({ filter: /^millrace:job-hooks$/ }, () => ({ path: HOOKS_MODULE, namespace: HOOKS }));
      build.onLoad({ filter: /.*/, namespace: HOOKS }, () => ({ contents: hooksModule(which), loader: "js" }));
      build.onResolve({ filter: /^millrace(\/testing)?$/ }, ({ path }) => ({ path, namespace: API }));
      build.onLoad({ filter: /.*/, namespace: API }, ({ path }) => ({
        contents: apiShim(path, sources.apiExports),
        loader: "js",
      }));
      build.onResolve({ filter: /^[^./]/ }, (args) => resolveBare(build, sources, args));
      build.onLoad({ filter: /.*/, namespace: EXTERNAL }, ({ path }) => ({
        contents: externalShim(path),
        loader: "js",
      }));
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, (args) => loadCode(which, sources, args));
      build.onLoad({ filter: /.*/ }, ({ path }) => {
        if (isAuthors(sources, packageOf(path))) sources.onFile?.(path);
        return undefined; // loaded by esbuild: JSON, text
      });
    },
  };
}

/** A stand-in for `millrace`, which the process supplies: its exports are read when the job is evaluated. */
function apiShim(path: string, names: readonly string[] | undefined): string {
  const global = `globalThis[Symbol.for(${JSON.stringify(path === "millrace" ? "millrace.module" : "millrace.testing")})]`;
  const check = `if (${global} === undefined) throw new Error(${JSON.stringify(`"${path}" is not supplied by this process`)});\n`;
  if (path !== "millrace" || names === undefined) return `${check}module.exports = ${global};`;
  const valid = names.filter((name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) && name !== "default");
  return `const api = ${global};\n${check}${valid.map((name, i) => `const e${i} = api[${JSON.stringify(name)}];\n`).join("")}export { ${valid
    .map((name, i) => `e${i} as ${name}`)
    .join(", ")} };`;
}

function externalShim(specifier: string): string {
  const name = JSON.stringify(specifier);
  return `const load = globalThis[Symbol.for("millrace.external")];
if (load === undefined) throw new Error(${JSON.stringify(`the package "${specifier}" is not supplied by this process`)});
module.exports = load(${name});`;
}

async function resolveBare(
  build: PluginBuild,
  { packages, externals, ownPackage }: JobSources,
  args: OnResolveArgs,
): Promise<OnResolveResult | undefined> {
  if (args.pluginData === RESOLVING || args.kind === "entry-point") return undefined;
  if (isBuiltin(args.path)) {
    return { path: args.path.startsWith("node:") ? args.path : `node:${args.path}`, external: true };
  }
  // esbuild would leave these to Node, which does not know them either.
  if (/^(node|https?):/.test(args.path)) return { errors: [{ text: `Could not resolve "${args.path}"` }] };
  const { importer, namespace, resolveDir, kind } = args;
  const found = await build.resolve(args.path, { importer, namespace, resolveDir, kind, pluginData: RESOLVING });
  if (found.errors.length > 0) return undefined; // esbuild reports the error again, with its location
  const owner = packageOf(found.path);
  const outside = owner && owner.folder !== ownPackage ? packages.inspect(owner) : undefined;
  if (outside === undefined) return found;
  externals.set(outside.name, outside);
  return { path: args.path, namespace: EXTERNAL };
}

async function loadCode(which: Build, sources: JobSources, { path }: OnLoadArgs): Promise<OnLoadResult | undefined> {
  const owner = packageOf(path);
  if (owner === undefined || isAuthors(sources, owner)) {
    sources.onFile?.(path);
    const lifted = await sources.lift(path);
    // By now every file is JavaScript, whatever its author wrote.
    return { contents: lifted[which].code, loader: "js", resolveDir: dirname(path) };
  }
  const sign = which === "driver" ? findsFilesByPlace(await readFile(path, "utf8")) : undefined;
  if (sign !== undefined) {
    sources.packages.keepOutside(owner, `finds files by its place (${sign})`);
    sources.repeat();
  }
  return undefined;
}

function isAuthors({ ownPackage }: JobSources, owner: FoundPackage | undefined): boolean {
  return owner === undefined || owner.folder === ownPackage;
}
