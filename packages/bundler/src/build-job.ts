import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { EngineError } from "@millrace/base";
import type { BuildFailure, BuildResult } from "esbuild";
import * as v from "valibot";
import { API_VERSION } from "./api-version.ts";
import type { Artefact, ExternalPackage } from "./artefact.ts";
import { bundleError } from "./bundle-error.ts";
import type { BundleOptions } from "./bundle-options.ts";
import { jobNoDefaultExport } from "./errors.ts";
import { type Build, type JobSources, jobPlugin } from "./job-plugin.ts";
import { type LiftedFile, liftFile } from "./lift/lift-file.ts";
import { PackageInspector, packageOf } from "./packages.ts";
import { shownName } from "./shown-name.ts";

const SOURCE_MAP = v.looseObject({ sources: v.array(v.string()) });

export interface BuiltJob {
  readonly parts: Omit<Artefact, "hash">;
  /** Absolute path of every input file, with its text if it is the author's. */
  readonly inputs: ReadonlyMap<string, string | undefined>;
}

/** Bundles a job without a cache. */
export async function buildJob(entry: string, options: BundleOptions): Promise<BuiltJob> {
  // Starting esbuild's process and loading Babel both take a while: let them overlap.
  void import("esbuild").then(({ transform }) => transform("")).catch(() => undefined); // callers that need it will report the error
  const packages = new PackageInspector();
  const lifts = new Map<string, Promise<LiftedFile>>();
  const lift = (path: string): Promise<LiftedFile> => {
    const begun = lifts.get(path) ?? readAndLift(entry, path);
    lifts.set(path, begun);
    return begun;
  };
  // A package may turn out to depend on its place on disk; each round finds at least one more of them.
  for (;;) {
    let again = false;
    const externals = new Map<string, ExternalPackage>();
    const sources: JobSources = {
      packages,
      ownPackage: packageOf(entry)?.folder,
      apiExports: options.apiExports,
      externals,
      lift,
      onFile: options.onFile,
      repeat: () => {
        again = true;
      },
    };
    const [driver, executor] = await Promise.all([
      runBuild(entry, "driver", sources, lifts),
      runBuild(entry, "executor", sources, lifts),
    ]);
    if (again) continue;
    requireDefaultExport(entry, driver);
    const own = await ownFiles(entry, lifts);
    return {
      parts: {
        manifest: {
          entry: basename(entry),
          apiVersion: API_VERSION,
          externals: [...externals.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
          files: own.names,
          functions: own.functions,
        },
        driver: moduleText(entry, driver),
        executor: moduleText(entry, executor),
      },
      inputs: new Map(inputsOf(entry, driver).map((path) => [path, own.texts.get(path)])),
    };
  }
}

async function readAndLift(entry: string, path: string): Promise<LiftedFile> {
  return liftFile({ path, name: shownName(entry, path), text: await readFile(path, "utf8") });
}

type JobBuild = BuildResult<{ write: false; metafile: true }>;

/** CommonJS packages within an ES module use `require` to load Node's own modules. */
const REQUIRE_BANNER = `import { createRequire as __millraceCreateRequire } from "node:module"; const require = __millraceCreateRequire(import.meta.url);`;

async function runBuild(
  entry: string,
  which: Build,
  sources: JobSources,
  lifts: ReadonlyMap<string, Promise<LiftedFile>>,
): Promise<JobBuild> {
  const { build } = await import("esbuild");
  try {
    return await build({
      entryPoints: [entry],
      absWorkingDir: dirname(entry),
      outfile: join(dirname(entry), `job.${which}.mjs`),
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "node",
      target: "node20",
      charset: "utf8",
      legalComments: "none",
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      banner: { js: REQUIRE_BANNER },
      plugins: [jobPlugin(which, sources)],
    });
  } catch (error) {
    // Errors of our callbacks come back as esbuild messages: show the author the original.
    for (const lifted of lifts.values()) await lifted.catch(rethrowEngineError);
    throw isBuildFailure(error) ? await bundleError(error, { entry, which, lifts }) : error;
  }
}

function rethrowEngineError(error: unknown): void {
  if (error instanceof EngineError) throw error;
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function requireDefaultExport(entry: string, { metafile }: JobBuild): void {
  const exports = Object.values(metafile.outputs).flatMap((output) => (output.entryPoint ? output.exports : []));
  if (exports.includes("default")) return;
  throw jobNoDefaultExport(
    `${basename(entry)} has no default export, so there is no job in it to run. End it with: ` +
      "export default defineJob({ name, batchInterval }, (ssc, args) => { … });",
    { fields: { file: entry } },
  );
}

function inputsOf(entry: string, { metafile }: JobBuild): string[] {
  const files = Object.keys(metafile.inputs).filter((name) => !/^millrace-(hooks|api|external):/.test(name));
  return files.map((name) => resolve(dirname(entry), name));
}

async function ownFiles(entry: string, lifts: ReadonlyMap<string, Promise<LiftedFile>>) {
  const names = [...lifts.keys()].map((path) => shownName(entry, path)).sort();
  const lifted = await Promise.all(lifts.values());
  return {
    texts: new Map([...lifts.keys()].map((path, i) => [path, lifted[i]?.text])),
    names: [basename(entry), ...names.filter((name) => name !== basename(entry))],
    functions: lifted.reduce((sum, one) => sum + one.functions, 0),
  };
}

/** The bundle with its map inline; its sources are absolute. */
function moduleText(entry: string, { outputFiles }: JobBuild): string {
  const text = outputFiles.find(({ path }) => path.endsWith(".mjs"))?.text ?? "";
  const map = v.parse(SOURCE_MAP, JSON.parse(outputFiles.find(({ path }) => path.endsWith(".map"))?.text ?? "{}"));
  const sources = map.sources.map((source) =>
    /^[a-z-]+:/.test(source) ? source : pathToFileURL(resolve(dirname(entry), source)).href,
  );
  const data = Buffer.from(JSON.stringify({ ...map, sources })).toString("base64");
  return `${text}//# sourceMappingURL=data:application/json;base64,${data}\n`;
}
