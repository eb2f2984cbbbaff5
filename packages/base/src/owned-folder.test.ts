import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownFolder, sweepFolders } from "./owned-folder.ts";

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "millrace-owned-"));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** A folder with a file, owned by a process that has ended, or by whom `change` makes it. */
function left(name: string, change: (owner: Record<string, unknown>) => unknown = (owner) => owner): string {
  const folder = join(parent, name);
  ownFolder(folder);
  const file = join(folder, "owner.json");
  const ended = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(file, JSON.stringify(change({ ...JSON.parse(readFileSync(file, "utf8")), pid: ended.pid })));
  writeFileSync(join(folder, "state.mdb"), "much");
  return folder;
}

test("a folder whose process has ended is removed, with what is in it", () => {
  const folder = left("e-1");
  expect(sweepFolders(parent)).toEqual(["e-1"]);
  expect(existsSync(folder)).toBe(false);
});

test("the folder of a process that runs stays", () => {
  ownFolder(join(parent, "e-1"));
  expect(sweepFolders(parent)).toEqual([]);
  expect(existsSync(join(parent, "e-1"))).toBe(true);
});

test("folders of another machine, without an owner, and with one that nobody can read stay", () => {
  left("other", (owner) => ({ ...owner, host: "build-7" }));
  left("cut", () => ({ pid: 1 }));
  mkdirSync(join(parent, "own"));
  writeFileSync(join(parent, "file"), "");
  expect(sweepFolders(parent)).toEqual([]);
});

test("folders of other names stay", () => {
  left("run-1");
  left("check-1");
  expect(sweepFolders(parent, (name) => name.startsWith("run-"))).toEqual(["run-1"]);
  expect(existsSync(join(parent, "check-1"))).toBe(true);
});

test("a parent that is not there has nothing to sweep", () => {
  expect(sweepFolders(join(parent, "nowhere"))).toEqual([]);
});
