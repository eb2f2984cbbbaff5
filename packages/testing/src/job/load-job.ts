import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { JobDefinition } from "@millrace/api";
import * as api from "@millrace/api";
import { InlineFunctions, installJobHooks, JobRegistry } from "@millrace/api/engine";
import type { AnyFunction } from "@millrace/operators";
import { JOB_HOOKS } from "@millrace/plan";
import { FunctionTable } from "@millrace/runtime";
import { localFileSystems } from "@millrace/storage";
import type { Faults } from "./faults.ts";
import type { Scratch } from "./scratch.ts";

/** A job with its functions, as the driver knows them and as executors look them up. */
export interface LoadedJob {
  readonly exported: unknown;
  readonly registry: JobRegistry;
  readonly functions: FunctionTable;
}

/** Runs the job's functions as they are: nothing is lifted, so captures are shared and not checked. */
export function loadInline(job: JobDefinition, faults?: Faults): LoadedJob {
  const inline = new InlineFunctions();
  const find = (id: string): AnyFunction | undefined => failing(inline.functionOf(id), faults);
  return {
    exported: job,
    registry: new JobRegistry({ inline }),
    functions: new FunctionTable({ files: localFileSystems(), inline: find, inlineClasses: inline.classes }),
  };
}

function failing(fn: AnyFunction | undefined, faults: Faults | undefined): AnyFunction | undefined {
  if (fn === undefined || faults === undefined) return fn;
  return (...args) => {
    faults.onCall();
    return fn(...args);
  };
}

/** Bundles a job's file, lifts its functions and loads both builds, like `submit` and the processes of a cluster. */
export async function loadFile(file: string | URL, scratch: Scratch): Promise<LoadedJob> {
  const path = file instanceof URL || file.startsWith("file:") ? fileURLToPath(file) : resolve(file);
  const { bundleCacheDir, bundleJob, externalLoader, installArtefact, packArtefact } = await import(
    "@millrace/bundler"
  );
  const artefact = await bundleJob(path, {
    apiExports: Object.keys(api),
    cacheDir: bundleCacheDir(process.env),
  });
  const installed = await installArtefact(packArtefact(artefact), scratch.folder("code"));
  const registry = new JobRegistry();
  const functions = new FunctionTable({ files: localFileSystems() });
  const exported = await oneAtATime(async () => {
    process.setSourceMapsEnabled(true);
    Reflect.set(globalThis, Symbol.for("millrace.module"), api);
    if (installed.manifest.externals.length > 0) {
      Reflect.set(globalThis, Symbol.for("millrace.external"), externalLoader([dirname(path), process.cwd()]));
    }
    installJobHooks(registry);
    const module = await nativeImport(pathToFileURL(installed.driver).href);
    Reflect.set(globalThis, JOB_HOOKS, functions);
    await nativeImport(pathToFileURL(installed.executor).href);
    return module.default;
  });
  return { exported, registry, functions };
}

/** Modules find their hooks in a global while they load, so they load one at a time. */
let loading: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(load: () => Promise<T>): Promise<T> {
  const result = loading.then(load);
  loading = result.catch(() => undefined);
  return result;
}

/** The file is next to `src` and `dist`; see there. */
const require = createRequire(import.meta.url);
const nativeImport = require("../../native-import.cjs") as (url: string) => Promise<{ readonly default?: unknown }>; // what it says
