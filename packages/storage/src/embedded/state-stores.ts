import type { JobConf } from "@millrace/base";
import type { SpillDirectory } from "../block/spill-file.ts";
import type { EmbeddedStore } from "./embedded-store.ts";
import { type LmdbPackage, loadLmdb } from "./lmdb-package.ts";
import { LmdbStore } from "./lmdb-store.ts";

/**
 * What makes the stores of a thread's state, as `state.store` says; `undefined`: state is in memory. The package is loaded for the
 * first of them: from where the process was started, as packages that a bundle leaves out, or from beside this one.
 */
export function stateStores(
  kind: JobConf["state.store"],
  directory: SpillDirectory,
): (() => EmbeddedStore) | undefined {
  if (kind === "memory") return undefined;
  let lmdb: LmdbPackage | undefined;
  return () => {
    lmdb ??= loadLmdb([process.cwd(), import.meta.dirname]);
    return new LmdbStore(lmdb, directory.newStatePath());
  };
}
