import { rmSync, statfsSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import type { EngineError } from "@millrace/base";
import { diskFull, fileIo } from "@millrace/files";
import {
  type EmbeddedStore,
  type EmbeddedTable,
  RANGE_BYTES,
  type TableEntry,
  type TableRange,
} from "./embedded-store.ts";
import type { LmdbDatabase, LmdbPackage, LmdbRoot } from "./lmdb-package.ts";

const TABLES_MAX = 8;
/** A disk with less than this is full: LMDB writes a transaction's pages together. */
const FULL_BYTES = 64 * 1024 ** 2;

const BYTES = { encoding: "binary", keyEncoding: "binary", cache: false } as const;

/** Tables in a file of LMDB, beside which there is another one for its lock. */
export class LmdbStore implements EmbeddedStore {
  readonly #path: string;
  readonly #root: LmdbRoot;
  #failure: EngineError | undefined;
  #closed = false;

  /** @param path Of a file, in a folder that exists. What another store has left there is removed. */
  constructor(lmdb: LmdbPackage, path: string) {
    this.#path = path;
    try {
      this.#remove();
      this.#root = lmdb.open({
        ...BYTES,
        path,
        noSubdir: true,
        maxDbs: TABLES_MAX,
        noSync: true,
        noMemInit: true,
        overlappingSync: false,
      });
    } catch (error) {
      throw this.#fail(error);
    }
  }

  get failure(): EngineError | undefined {
    return this.#failure;
  }

  table(name: string): EmbeddedTable {
    return new LmdbTable(this.#root.openDB(name, BYTES), (error) => this.#fail(error));
  }

  transaction(make: () => void): void {
    if (this.#failure !== undefined) throw this.#failure;
    let thrown: { readonly error: unknown } | undefined;
    try {
      this.#root.transactionSync(() => {
        try {
          make();
        } catch (error) {
          if (this.#failure !== undefined) throw error; // nothing is kept
          thrown = { error };
        }
      });
    } catch (error) {
      throw this.#fail(error);
    }
    if (thrown !== undefined) throw thrown.error;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const remove = (): void => this.#remove();
    this.#root.close().then(remove, remove);
  }

  #remove(): void {
    for (const path of [this.#path, `${this.#path}-lock`]) rmSync(path, { force: true });
  }

  /** The first failure counts. */
  #fail(error: unknown): EngineError {
    this.#failure ??= this.#failureOf(error);
    return this.#failure;
  }

  #failureOf(error: unknown): EngineError {
    const path = this.#path;
    const options = { cause: error, fields: { path } };
    const failed = `could not write state to ${path}`;
    const unharmed = "Nothing is lost: the checkpoint directory has the state, and it is read again from there";
    if (isFull(error, path)) {
      return diskFull(
        `${failed}: the disk is full. ${unharmed}, on another executor if there is one. Free space, start executors with a --work-dir on a larger disk, or start more of them.`,
        options,
      );
    }
    return fileIo(
      `${failed}: ${error instanceof Error ? error.message : String(error)}. ${unharmed}. Check the disk if this repeats.`,
      options,
    );
  }
}

/** LMDB reports a write that was cut short as EIO, whatever the reason; its codes are those of the system, as numbers. */
function isFull(error: unknown, path: string): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === constants.errno.ENOSPC || code === constants.errno.EDQUOT) return true;
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < FULL_BYTES;
  } catch {
    return false;
  }
}

class LmdbTable implements EmbeddedTable {
  readonly #db: LmdbDatabase;
  readonly #fail: (error: unknown) => EngineError;

  constructor(db: LmdbDatabase, fail: (error: unknown) => EngineError) {
    this.#db = db;
    this.#fail = fail;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#db.getBinary(key);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  getNumber(key: Uint8Array): number | undefined {
    try {
      const bytes = this.#db.getBinaryFast(key);
      return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    try {
      this.#db.putSync(key, value);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  remove(key: Uint8Array): void {
    try {
      this.#db.removeSync(key);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  range({ start, end, limit }: TableRange): readonly TableEntry[] {
    const entries: TableEntry[] = [];
    let bytes = 0;
    try {
      for (const { key, value } of this.#db.getRange({ start, end, limit })) {
        entries.push({ key, value });
        bytes += value.length;
        if (bytes >= RANGE_BYTES) break;
      }
    } catch (error) {
      throw this.#fail(error);
    }
    return entries;
  }
}
