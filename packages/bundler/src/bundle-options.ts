export interface BundleOptions {
  /** The directory in which bundles are cached by content; nothing is cached if absent. */
  readonly cacheDir?: string | undefined;
  /** The names that `millrace` exports, so that a wrong import is refused while bundling. Unchecked if absent. */
  readonly apiExports?: readonly string[] | undefined;
  /** Called with the absolute path of each file of the author's, before it is read: also when bundling fails later. */
  readonly onFile?: ((path: string) => void) | undefined;
  /** Called with each step as it begins, for someone who is waiting. */
  readonly onProgress?: ((step: string) => void) | undefined;
}
