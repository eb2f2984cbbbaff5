import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownDirectory, usableDirectory } from "./directory.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-directory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = (): (() => void) => ownDirectory(join(folder, "data"), "driver", "--data-dir");
const lock = (): string => join(folder, "data", "driver.pid");

test("a file cannot be used, and the error has the remedy", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "below")]) {
    expect(() => usableDirectory(path, "--work-dir")).toThrow(/^\[DIRECTORY_UNUSABLE\] .*file.*--work-dir/);
    expect(() => ownDirectory(path, "driver", "--data-dir")).toThrow(/^\[DIRECTORY_UNUSABLE\] .*file.*--data-dir/);
  }
});

test("parents are made, and a directory that is there stays as it is", () => {
  const path = join(folder, "a/b/c");
  usableDirectory(path, "--work-dir");
  writeFileSync(join(path, "kept"), "");
  usableDirectory(path, "--work-dir");
  expect(existsSync(join(path, "kept"))).toBe(true);
});

test.runIf(existsSync("/proc/self"))("a place where no directory can be made is refused, not tried for ever", () => {
  expect(() => usableDirectory("/proc/millrace/below", "--work-dir")).toThrow(/^\[DIRECTORY_UNUSABLE\] .*ENOENT/);
});

test("a directory has one owner at a time, who is named to others", () => {
  const release = own();
  expect(own).toThrow(`is in use by the driver with pid ${process.pid}`);
  release();
  expect(existsSync(lock())).toBe(false);
  own()();
});

test.each([
  ["is dead", "4194999 1"],
  ["had the number of a process that started since", `${process.pid} 1`],
  ["left nothing readable", "?"],
])("an owner that %s keeps nothing", (_, left) => {
  own()();
  writeFileSync(lock(), left);
  const release = own();
  expect(readFileSync(lock(), "utf8")).toMatch(new RegExp(`^${process.pid} `));
  release();
});
