import type { Artefact } from "./artefact.ts";
import { type BundleOptions, bundleJob } from "./bundle-job.ts";

export interface CheckOptions extends BundleOptions {
  /** Path of the declaration (or source) file that `import … from "millrace"` means. */
  readonly millraceTypes: string;
  /** The same for `millrace/testing`. */
  readonly testingTypes?: string | undefined;
}

/** Everything that can be known without running the job: what {@link bundleJob} finds, then types. */
export async function checkJob(file: string, options: CheckOptions): Promise<Artefact> {
  return bundleJob(file, options);
}
