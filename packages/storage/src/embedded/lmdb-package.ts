import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { describeThrown, type ErrorFactory, errorKind } from "@millrace/base";

/** The package that keeps state outside memory is not there, or does not work on this machine. */
const stateStoreMissing: ErrorFactory = errorKind("STATE_STORE_MISSING", "environment");

/** The version that the engine is tested with. */
const TESTED = "3.5.6";

/** What the engine uses of a database of `lmdb`, with keys and values of bytes. */
export interface LmdbDatabase {
  getBinary(key: Uint8Array): Uint8Array | undefined;
  /** In memory that the next call overwrites, and that is longer. */
  getBinaryFast(key: Uint8Array): Uint8Array | undefined;
  putSync(key: Uint8Array, value: Uint8Array): unknown;
  removeSync(key: Uint8Array): unknown;
  getRange(range: {
    readonly start: Uint8Array;
    readonly end: Uint8Array | undefined;
    readonly limit: number;
  }): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>;
}

/** A file of `lmdb`. */
export interface LmdbRoot {
  openDB(name: string, options: object): LmdbDatabase;
  transactionSync(make: () => void): void;
  close(): Promise<void>;
}

/** What the engine uses of the package `lmdb`. */
export interface LmdbPackage {
  open(options: object): LmdbRoot;
}

/**
 * Loads the package `lmdb`, which is not a dependency: only jobs that ask for it need it.
 *
 * @param folders Folders from which `node_modules` is searched, upwards, as Node does; the first that has it wins.
 * @throws STATE_STORE_MISSING
 */
export function loadLmdb(folders: readonly string[]): LmdbPackage {
  for (const folder of folders) {
    const require = createRequire(join(folder, "resolve.js"));
    const path = resolvedBy(require);
    if (path === undefined) continue;
    try {
      const found: unknown = require(path);
      if (isLmdb(found)) return found;
    } catch (error) {
      throw missing(`does not work on ${hostname()}: ${describeThrown(error)}`, folders, error);
    }
    throw missing(`in ${path} has no function open`, folders);
  }
  throw missing(`is not installed on ${hostname()}`, folders);
}

function resolvedBy(require: NodeJS.Require): string | undefined {
  try {
    return require.resolve("lmdb");
  } catch {
    return undefined;
  }
}

function missing(why: string, folders: readonly string[], cause?: unknown): Error {
  return stateStoreMissing(
    `state.store is "lmdb", and the package lmdb ${why}. No task with state can run here. Install it wherever executors run, in the directory ` +
      `in which they are started: npm install lmdb@${TESTED}. Or set state.store to "memory". Looked in ${folders.join(" and ")}, and in the folders above.`,
    { fields: { package: "lmdb", host: hostname() }, ...(cause === undefined ? {} : { cause }) },
  );
}

function isLmdb(found: unknown): found is LmdbPackage {
  return typeof found === "object" && found !== null && "open" in found && typeof found.open === "function";
}
