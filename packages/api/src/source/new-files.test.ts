import { describe, expect, test } from "vitest";
import type { FileEntry } from "../engine-port.ts";
import { isHidden, NewFiles, type NewFilesOptions } from "./new-files.ts";

const START = 10_000;
const MINUTE = 60_000;

const file = (path: string, modifiedMs: number): FileEntry => ({
  path,
  kind: "file",
  bytes: 10,
  modifiedMs,
  version: `10@${modifiedMs * 1e6}`,
});
const newFiles = (options: Partial<NewFilesOptions> = {}): NewFiles =>
  new NewFiles({ afterMs: START, batchIntervalMs: 1000, rememberMs: MINUTE, accepts: () => true, ...options });
const pathsOf = (entries: readonly FileEntry[]) => entries.map((entry) => entry.path);

describe("a file is new in a batch (FS-2)", () => {
  const cases: readonly [what: string, modifiedMs: number, batchTime: number, isNew: boolean][] = [
    ["that changed after the start", START + 1, 12_000, true],
    ["that changed at the start: no", START, 12_000, false],
    ["that was there before: no", START - 1, 12_000, false],
    ["that changed at the batch's time", 12_000, 12_000, true],
    ["that changed after the batch's time: no", 12_001, 12_000, false],
    ["that changed as long ago as is remembered: no", 40_000, 40_000 + MINUTE, false],
    ["that changed a moment later", 40_001, 40_000 + MINUTE, true],
  ];
  test.each(cases)("%s", (_, modifiedMs, batchTime, isNew) => {
    expect(newFiles().choose([file("/d/a", modifiedMs)], batchTime)).toHaveLength(isNew ? 1 : 0);
  });

  test("once only", () => {
    const files = newFiles();
    const listing = [file("/d/a", 11_500), file("/d/later", 12_001)];
    expect(pathsOf(files.choose(listing, 12_000))).toEqual(["/d/a"]);
    expect(pathsOf(files.choose(listing, 13_000))).toEqual(["/d/later"]);
    expect(pathsOf(files.choose(listing, 14_000))).toEqual([]);
  });

  test("though it was there at the start, when old ones are wanted, if it changed within the time remembered", () => {
    const files = newFiles({ afterMs: 0 });
    const now = 100_000;
    const listing = [file("/d/minutes-old", now - MINUTE), file("/d/seconds-old", now - 5000)];
    expect(pathsOf(files.choose(listing, now))).toEqual(["/d/seconds-old"]);
  });

  test("unless the filter refuses it, or it is a directory (FS-1)", () => {
    const files = newFiles({ accepts: (path) => !isHidden(path) });
    const listing: FileEntry[] = [file("/d/.part", 11_000), { ...file("/d/sub", 11_000), kind: "directory" }];
    expect(files.choose(listing, 12_000)).toEqual([]);
  });

  test("again when that same batch is planned again (FS-6)", () => {
    const files = newFiles();
    expect(pathsOf(files.choose([file("/d/a", 11_000)], 12_000))).toEqual(["/d/a"]);
    expect(pathsOf(files.choose([], 12_000))).toEqual(["/d/a"]);
  });
});

describe("what is remembered (FS-3)", () => {
  test.each([
    ["whole batches of the time set", 1000, MINUTE, MINUTE],
    ["one batch more when it is no multiple", 7000, MINUTE, 63_000],
    ["one batch at least", 90_000, MINUTE, 90_000],
  ])("is %s", (_, batchIntervalMs, rememberMs, window) => {
    const files = newFiles({ batchIntervalMs, rememberMs });
    const time = 500_000;
    const listing = [file("/d/in", time - window + 1), file("/d/out", time - window)];
    expect(pathsOf(files.choose(listing, time))).toEqual(["/d/in"]);
  });

  test("has a file that was read and is written to go on being old, however long it takes (FS-4)", () => {
    const files = newFiles();
    expect(pathsOf(files.choose([file("/d/log", 20_000)], 20_000))).toEqual(["/d/log"]);
    for (let time = 21_000; time <= 20_000 + 5 * MINUTE; time += 1000) {
      expect(files.choose([file("/d/log", time)], time)).toEqual([]);
    }
  });

  test("is forgotten: the path may be used again", () => {
    const files = newFiles();
    files.choose([file("/d/a", 20_000)], 20_000);
    expect(files.choose([file("/d/a", 20_000)], 81_000)).toEqual([]);
    expect(pathsOf(files.choose([file("/d/a", 81_500)], 82_000))).toEqual(["/d/a"]);
  });
});

test("files come in the order of their last change, then of their paths (FS-7)", () => {
  const listing = [file("/d/c", 11_000), file("/d/b", 12_000), file("/d/a", 12_000)];
  expect(pathsOf(newFiles().choose(listing, 12_000))).toEqual(["/d/c", "/d/a", "/d/b"]);
});
