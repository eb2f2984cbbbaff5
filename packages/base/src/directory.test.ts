import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { usableDirectory } from "./directory.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-directory-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a file cannot be used, and the error has the remedy", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const path of [file, join(file, "below")]) {
    expect(() => usableDirectory(path, "--work-dir")).toThrow(/^\[DIRECTORY_UNUSABLE\] .*file.*--work-dir/);
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
