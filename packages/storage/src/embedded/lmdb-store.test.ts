import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SpillDirectory } from "../block/spill-file.ts";
import { RANGE_BYTES } from "./embedded-store.ts";
import { type LmdbPackage, type LmdbRoot, loadLmdb } from "./lmdb-package.ts";
import { LmdbStore } from "./lmdb-store.ts";
import { stateStores } from "./state-stores.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-embedded-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const bytes = (of: string) => Buffer.from(of);
let count = 0;
const newStore = (lmdb: LmdbPackage = loadLmdb([import.meta.dirname])) =>
  new LmdbStore(lmdb, join(root, `store-${count++}`));

describe("an embedded store", () => {
  test("has entries in the order of their keys, in tables of their own", () => {
    const store = newStore();
    const [a, b] = [store.table("a"), store.table("b")];
    store.transaction(() => {
      for (const key of ["m", "b", "z", "bb"]) a.put(bytes(key), bytes(`${key}!`));
      b.put(bytes("m"), bytes("other"));
      a.remove(bytes("z"));
    });
    expect(text(a.get(bytes("m")))).toBe("m!");
    expect(text(b.get(bytes("m")))).toBe("other");
    expect(a.get(bytes("z"))).toBeUndefined();
    const range = a.range({ start: bytes("b"), end: bytes("m"), limit: 10 });
    expect(range.map(({ key, value }) => [text(key), text(value)])).toEqual([
      ["b", "b!"],
      ["bb", "bb!"],
    ]);
    expect(a.range({ start: bytes("bb"), limit: 1 }).map(({ key }) => text(key))).toEqual(["bb"]);
    store.close();
  });

  test("reads no more at once than memory should hold", () => {
    const store = newStore();
    const table = store.table("a");
    const large = Buffer.alloc(RANGE_BYTES / 2);
    store.transaction(() => {
      for (const key of ["1", "2", "3", "4"]) table.put(bytes(key), large);
    });
    expect(table.range({ start: bytes("1"), limit: 10 })).toHaveLength(2);
    store.close();
  });

  test("keeps what was changed before the code that changes it threw", () => {
    const store = newStore();
    const table = store.table("a");
    const failing = () =>
      store.transaction(() => {
        table.put(bytes("k"), bytes("v"));
        throw new Error("no more");
      });
    expect(failing).toThrow("no more");
    expect(text(table.get(bytes("k")))).toBe("v");
    expect(store.failure).toBeUndefined();
    store.close();
  });

  test("leaves no file behind, and takes none over", async () => {
    const folder = join(root, "scratch");
    mkdirSync(folder);
    writeFileSync(join(folder, "state-7-0"), "of a thread that is gone");
    const newOne = stateStores("lmdb", new SpillDirectory(folder, 7));
    const store = newOne?.();
    store?.transaction(() => store.table("a").put(bytes("k"), bytes("v")));
    expect(readdirSync(folder)).toEqual(["state-7-0", "state-7-0-lock"]);
    store?.close();
    store?.close();
    await expect.poll(() => existsSync(join(folder, "state-7-0"))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is of no use after a write has failed, and says that nothing is lost", () => {
    const lmdb = loadLmdb([import.meta.dirname]);
    const refusing: LmdbPackage = {
      open: (options) => {
        const real = lmdb.open(options);
        const refused: LmdbRoot = {
          openDB: (...given) => real.openDB(...given),
          transactionSync: (make) => {
            real.transactionSync(make);
            throw Object.assign(new Error("No space left on device"), { code: 28 });
          },
          close: () => real.close(),
        };
        return refused;
      },
    };
    const store = newStore(refusing);
    const change = () => store.transaction(() => undefined);
    expect(change).toThrow(/DISK_FULL.*the disk is full. Nothing is lost.*--work-dir/);
    expect(change).toThrow(store.failure);
    store.close();
  });
});

describe("the package lmdb", () => {
  const without = join(root, "without");
  const broken = join(root, "broken");
  mkdirSync(join(without, "node_modules", "lmdb"), { recursive: true });
  mkdirSync(join(broken, "node_modules", "lmdb"), { recursive: true });

  test("is named with the command that installs it, where it is missing", () => {
    // Exports nothing, and so cannot be resolved, even if NODE_PATH leads to the real one.
    writeFileSync(join(without, "node_modules", "lmdb", "package.json"), '{ "name": "lmdb", "exports": {} }');
    expect(() => loadLmdb([without])).toThrow(
      /STATE_STORE_MISSING.*lmdb is not installed on .*npm install lmdb@3\.5\.6.*Looked in .*without/,
    );
  });

  test("is named with the reason, where it does not work", () => {
    writeFileSync(join(broken, "node_modules", "lmdb", "index.js"), "throw new Error('no binary for this machine')");
    expect(() => loadLmdb([broken])).toThrow(/STATE_STORE_MISSING.*does not work on .*no binary for this machine/);
  });
});
