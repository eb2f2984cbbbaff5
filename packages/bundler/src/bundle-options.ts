export interface BundleOptions {
  /** Where finished bundles are cached by content; without it, nowhere. */
  readonly cacheDir?: string | undefined;
  /** The version of `millrace` that the job is written for. */
  readonly apiVersion: string;
  /** Names that `millrace` exports, so that a wrong import is an error now. Unchecked if absent. */
  readonly apiExports?: readonly string[] | undefined;
  /** Receives the current step, for a waiting person. */
  readonly onProgress?: ((step: string) => void) | undefined;
}
