export interface BundleOptions {
  /** Where finished bundles are kept by content; none are kept without it. */
  readonly cacheDir?: string | undefined;
  /** The version of `millrace` that the job is written for. */
  readonly apiVersion: string;
  /** Names that `millrace` exports, so that a wrong import is an error now. Unchecked without it. */
  readonly apiExports?: readonly string[] | undefined;
  /** Told what is being done, for a person who waits. */
  readonly onProgress?: ((step: string) => void) | undefined;
}
