import { realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { Artefact } from "./artefact.ts";
import { bundleJob } from "./bundle-job.ts";
import type { BundleOptions } from "./bundle-options.ts";
import type { TypePaths } from "./type-check.ts";

export interface CheckOptions extends BundleOptions, TypePaths {}

/**
 * Checks everything that can be checked without running the job: first everything that {@link bundleJob} checks, then types.
 *
 * @returns The artefact.
 *
 * @throws The errors of `bundleJob`, and JOB_TYPES.
 */
export async function checkJob(file: string, options: CheckOptions): Promise<Artefact> {
  const artefact = await bundleJob(file, options);
  options.onProgress?.(`checking the types of ${basename(file)}`);
  const { checkTypes } = await import("./type-check.ts"); // the compiler takes a while to load
  await checkTypes(await realpath(resolve(file)), options);
  return artefact;
}
