import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DriverFileSystem } from "./driver-files.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-driver-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const files = new DriverFileSystem();

test("a directory is listed with what it holds; where none is, there is no listing", async () => {
  const made = files.resolve(join(root, "made"));
  await files.makeDirectory(made);
  await files.writeFile(join(made, "a"), new Uint8Array(3));
  expect(await files.list(made)).toMatchObject([{ path: join(made, "a"), kind: "file", bytes: 3 }]);
  expect(await files.list(join(made, "none"))).toBeUndefined();
  expect(await files.list(join(made, "a"))).toBeUndefined();
});

describe("a path is resolved", () => {
  test.each([
    ["a/b", `${process.cwd()}/a/b`],
    ["file:a", `${process.cwd()}/a`],
    ["/a%20b", "/a%20b"],
    ["file:/a%20b", "/a b"],
    ["file:///a/../b%20c/*.txt?", "/b c/*.txt?"],
    ["file://localhost/a", "/a"],
    ["./s3:/a", `${process.cwd()}/s3:/a`],
  ])("%s: %s", (path, expected) => expect(files.resolve(path)).toBe(expected));

  test.each([
    "s3://bucket/x",
    "hdfs://h/x",
    "hdfs:/x",
    "file://elsewhere/x",
    "file:///a%2Fb",
    "file:///50%",
    "file://",
  ])("%s: no", (path) => expect(() => files.resolve(path)).toThrow("[FILE_SYSTEM_UNKNOWN]"));
});

test("what the disk refuses is an error of the engine, with the path and a remedy", async () => {
  const file = files.resolve(join(root, "file"));
  writeFileSync(file, "");
  const error = { code: "FILE_WRONG_KIND", message: expect.stringMatching(/make the directory .*Choose another path/) };
  await expect(files.makeDirectory(join(file, "below"))).rejects.toMatchObject(error);
});
