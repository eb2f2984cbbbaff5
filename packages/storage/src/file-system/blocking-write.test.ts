import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { FILE_CHANGES, type FileChange } from "@millrace/base";
import { locationFrom } from "@millrace/files";
import { afterAll, expect, test } from "vitest";
import { localBlockingFiles } from "./local-blocking.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-blocking-write-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("a file is written though another thread makes each missing directory at the same moment", () => {
  const file = join(root, "state", "totals", "2-0", "1-0-1.delta");
  const overtaken: string[] = [];
  const overtake = (message: unknown): void => {
    const { path } = message as FileChange; // what is published on this channel
    const isParent = file.startsWith(`${path}/`) && existsSync(dirname(path)) && !existsSync(path);
    if (!isParent) return;
    mkdirSync(path);
    overtaken.push(path.slice(root.length));
  };
  subscribe(FILE_CHANGES, overtake);
  try {
    localBlockingFiles.write?.(locationFrom(file), [Buffer.from("a"), Buffer.from("b")]);
  } finally {
    unsubscribe(FILE_CHANGES, overtake);
  }
  expect(overtaken).toEqual(["/state", "/state/totals", "/state/totals/2-0"]);
  expect(readFileSync(file, "utf8")).toBe("ab");
});
