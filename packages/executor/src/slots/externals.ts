import { externalLoader } from "@millrace/bundler";

/**
 * Runs on a slot thread before the job's code is loaded: packages outside the bundle come from this executor's own
 * installation.
 *
 * @param folders The directories to search; the first that has a package wins.
 */
export default function installExternals(folders: readonly string[]): void {
  Reflect.set(globalThis, Symbol.for("millrace.external"), externalLoader(folders));
}
