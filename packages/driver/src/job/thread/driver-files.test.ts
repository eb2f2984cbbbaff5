import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DriverFileSystem } from "./driver-files.ts";

const root = mkdtempSync(join(tmpdir(), "millrace-driver-files-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const files = new DriverFileSystem((path) => join(root, path));

test("a directory is listed with what it holds; where none is, there is no listing", async () => {
  const made = files.resolve("made");
  await files.makeDirectory(made);
  await files.writeFile(join(made, "a"), new Uint8Array(3));
  expect(await files.list(made)).toMatchObject([{ path: join(made, "a"), kind: "file", bytes: 3 }]);
  expect(await files.list(join(made, "none"))).toBeUndefined();
  expect(await files.list(join(made, "a"))).toBeUndefined();
});

test("what the disk refuses is an error of the engine, with the path and a remedy", async () => {
  const file = files.resolve("file");
  writeFileSync(file, "");
  const error = { code: "FILE_WRONG_KIND", message: expect.stringMatching(/make the directory .*Choose another path/) };
  await expect(files.makeDirectory(join(file, "below"))).rejects.toMatchObject(error);
});
