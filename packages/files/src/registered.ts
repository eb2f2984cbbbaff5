import { createRequire } from "node:module";
import { join } from "node:path";
import { clauseOf, thrownMessage } from "@millrace/base";
import { fileSystemRefused, fileSystemUnknown } from "./errors.ts";
import type { FileSystem } from "./file-system.ts";
import { LOCAL_SCHEME } from "./location.ts";

/** By scheme; each is created on first use. Per thread: each evaluates the job's modules itself. */
const registered = new Map<string, { readonly make: () => FileSystem; made: FileSystem | undefined }>();

/**
 * Adds a file system to a job. Called at the top level of a module that the job imports, it runs on every thread that
 * opens files: where the graph is built and where tasks run.
 *
 * @param scheme The scheme of its locations: `s3` for `s3://bucket/key`. At least two characters, lower case.
 * @param make Called once per thread, when a location of the scheme is first used there. Options come from the
 *   environment or from files: they must not depend on the arguments of `build`. If a scheme is registered twice the
 *   later registration wins: a module may be loaded twice, and a test may supply its own.
 * @throws FILE_SYSTEM_REFUSED The scheme is malformed, or belongs to the engine.
 */
export function registerFileSystem(scheme: string, make: () => FileSystem): void {
  const why =
    scheme === LOCAL_SCHEME
      ? "that is the engine's own"
      : /^[a-z][a-z0-9+.-]+$/.test(scheme)
        ? undefined
        : "want two characters or more of a-z 0-9 + . -, a letter first";
  if (why !== undefined) {
    throw fileSystemRefused(
      `a file system cannot be registered under the scheme ${JSON.stringify(scheme)}: ${why}. The job is not loaded. Give it another scheme.`,
    );
  }
  registered.set(scheme, { make, made: undefined });
}

export function registeredFileSystem(scheme: string): FileSystem | undefined {
  const entry = registered.get(scheme);
  if (entry === undefined) return undefined;
  entry.made ??= entry.make();
  return entry.made;
}

/** The connectors of this project, by the schemes that they register when they are loaded. */
const PACKAGES: ReadonlyMap<string, string> = new Map([
  ["s3", "@millrace/s3"],
  ["hdfs", "@millrace/hdfs"],
  ["webhdfs", "@millrace/hdfs"],
]);

/** The package that registers a scheme, if it is a connector of this project. */
export function packageOf(scheme: string): string | undefined {
  return PACKAGES.get(scheme);
}

/**
 * The file system of a connector that the job does not import, and that is installed where this process was started. So
 * commands find it that look at a checkpoint and run no job.
 *
 * @throws FILE_SYSTEM_UNKNOWN It cannot be loaded.
 */
export function loadInstalled(scheme: string): FileSystem | undefined {
  const name = PACKAGES.get(scheme);
  if (name === undefined) return undefined;
  const require = createRequire(join(process.cwd(), "resolve.js"));
  try {
    require.resolve(name);
  } catch {
    return undefined; // not installed
  }
  try {
    require(name);
  } catch (error) {
    throw fileSystemUnknown(
      `the package ${name}, which serves "${scheme}:", is installed and cannot be loaded: ${clauseOf(thrownMessage(error))}. Nothing is read or written. Install it again, in the version of this millrace, or write \`import "${name}"\` in the job.`,
      { cause: error, fields: { scheme } },
    );
  }
  return registeredFileSystem(scheme);
}

export function registeredSchemes(): readonly string[] {
  return [...registered.keys()];
}
